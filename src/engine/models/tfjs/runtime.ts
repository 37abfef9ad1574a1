import type * as Converter from '@tensorflow/tfjs-converter';
import type * as Core from '@tensorflow/tfjs-core';
import type * as Layers from '@tensorflow/tfjs-layers';
import { EngineError } from '../../errors.js';
import type { TfjsBackend } from '../providers.js';

/** TF.js itself: tensors and operations. */
export type Tf = typeof Core;
export type Tensor = Core.Tensor;

/** TF.js with a backend that computes. */
export interface TfjsRuntime {
  readonly tf: Tf;
  readonly layers: typeof Layers;
  readonly converter: typeof Converter;
  readonly backend: TfjsBackend;
}

/** Lets a backend compute from now on. All that is awaited between this and the last operation may let another one in. */
export function useBackend({ tf, backend }: TfjsRuntime): void {
  if (tf.getBackend() === backend) return;
  // Synchronous in effect, for the backend has been started.
  void tf.setBackend(backend);
  if (tf.getBackend() !== backend) throw new EngineError('INTERNAL', `expected the backend ${backend}, got another`);
}
