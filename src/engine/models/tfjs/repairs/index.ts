import type { GradConfig, KernelConfig } from '@tensorflow/tfjs-core';
import type { TfjsBackend } from '../../providers.js';
import type { Tf } from '../runtime.js';
import { conv2dGradient, conv2dInputKernel } from './conv2d.js';
import { depthwiseGradient, depthwiseInputKernel } from './depthwise.js';
import { absGradient, extremumGradient, flatGradients, selectGradient } from './elementwise.js';
import { maxPoolKernel } from './max-pool.js';
import { resizeBilinearGradient } from './resize-bilinear.js';

/** TF.js instances, of which a process has one, whose gradients are repaired. */
const repaired = new WeakSet<Tf>();

/** Puts our gradients in the place of those that TF.js lacks or gets wrong, on all backends. Does nothing the second time. */
export function repairGradients(tf: Tf): void {
  if (repaired.has(tf)) return;
  repaired.add(tf);
  const gradients: readonly GradConfig[] = [
    conv2dGradient(tf),
    depthwiseGradient(tf),
    absGradient(tf),
    extremumGradient(tf, 'Max'),
    extremumGradient(tf, 'Min'),
    selectGradient(tf),
    resizeBilinearGradient(tf),
    ...flatGradients(tf),
  ];
  for (const gradient of gradients) {
    if (tf.getGradient(gradient.kernelName) !== undefined) tf.unregisterGradient(gradient.kernelName);
    tf.registerGradient(gradient);
  }
}

/** Kernels of WebAssembly that are missing, far too slow, or give another answer than the other backends. */
const WASM_KERNELS: readonly ((tf: Tf) => KernelConfig)[] = [conv2dInputKernel, depthwiseInputKernel, maxPoolKernel];

/** Puts our kernels in the place of a backend's. */
export function repairKernels(tf: Tf, backend: TfjsBackend): void {
  if (backend !== 'wasm') return;
  for (const make of WASM_KERNELS) {
    const kernel = make(tf);
    if (tf.getKernel(kernel.kernelName, backend) !== undefined) tf.unregisterKernel(kernel.kernelName, backend);
    tf.registerKernel(kernel);
  }
}
