import type { DataType } from '../onnx/data-types.js';
import type { Shape } from '../tensor/shape.js';

/** A tensor as the graph itself takes or gives it, batch axis and all. */
export interface RawTensor {
  readonly dataType: DataType;
  readonly shape: Shape;
  /** Elements in row-major order as little-endian bytes; text for `string`. */
  readonly data: Uint8Array | readonly string[];
}

/** Tensors by the names that the graph has for them. */
export type RawTensors = ReadonlyMap<string, RawTensor>;
