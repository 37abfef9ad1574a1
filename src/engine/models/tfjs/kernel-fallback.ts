import type { KernelBackend, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { TfjsBackend } from '../providers.js';
import { repairKernels } from './repairs/index.js';
import type { Tf } from './runtime.js';

/** Backends that have all kernels. */
const filled = new WeakSet<KernelBackend>();

/**
 * Gives a backend every kernel that it lacks and the CPU has: tensors are moved there and back. What a backend has and
 * computes otherwise than it should is replaced first. Does nothing the second time.
 *
 * @param warn told of each such kernel when it is first used
 */
export function fillKernels(tf: Tf, backend: TfjsBackend, warn: (message: string) => void): void {
  const instance = tf.findBackend(backend);
  if (filled.has(instance)) return;
  filled.add(instance);
  repairKernels(tf, backend);
  if (backend === 'cpu') return;
  const there = new Set(tf.getKernelsForBackend(backend).map(({ kernelName }) => kernelName));
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    if (!there.has(kernel.kernelName)) tf.registerKernel(fallback(tf, backend, kernel, warn));
  }
}

/** What we use of a backend that computes in memory that JavaScript reads. */
interface ReadableBackend extends KernelBackend {
  makeTensorInfo(shape: readonly number[], dataType: string, values: unknown): TensorInfo;
  disposeData(dataId: object, force?: boolean): boolean;
}

function fallback(
  tf: Tf,
  backendName: TfjsBackend,
  kernel: KernelConfig,
  warn: (message: string) => void,
): KernelConfig {
  const { kernelName, kernelFunc } = kernel;
  let isKnown = false;
  return {
    kernelName,
    backendName,
    kernelFunc({ inputs, attrs }) {
      if (!isKnown) warn(`TF.js has no kernel ${kernelName} for ${backendName}: the CPU computes it, slowly`);
      isKnown = true;
      const cpu = tf.findBackend('cpu') as ReadableBackend;
      const moved = new Map<object, TensorInfo>();
      for (const input of Object.values(inputs)) if (input !== undefined) moved.set(input, toCpu(tf, cpu, input));
      const onCpu = Object.fromEntries(
        Object.entries(inputs).map(([name, input]) => [name, input && (moved.get(input) as TensorInfo)]),
      );
      try {
        const result = kernelFunc({ inputs: onCpu, backend: cpu, ...(attrs !== undefined && { attrs }) });
        const back = [result].flat().map((output) => {
          const values = cpu.readSync(output.dataId);
          // A copy: the CPU's array goes when its tensor does.
          const tensor = tf.engine().makeTensor(values.slice() as Float32Array, output.shape, output.dtype);
          if (![...moved.values()].some(({ dataId }) => dataId === output.dataId)) cpu.disposeData(output.dataId);
          return tensor;
        });
        return Array.isArray(result) ? back : (back[0] as TensorInfo);
      } finally {
        for (const { dataId } of moved.values()) cpu.disposeData(dataId, true);
      }
    },
  };
}

const toCpu = (tf: Tf, cpu: ReadableBackend, { dataId, shape, dtype }: TensorInfo): TensorInfo =>
  cpu.makeTensorInfo(shape, dtype, tf.engine().readSync(dataId));
