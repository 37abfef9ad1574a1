import type { DataType } from '../onnx/data-types.js';
import type { Shape } from '../tensor/shape.js';

/** A declared input or output of a model's graph; an axis of unknown length is its name, or −1. */
export interface GraphValue {
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: readonly (number | string)[];
}

/** Elements of a tensor, in the order of its shape; 16-bit floats are their bits. */
export type ElementArray =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A tensor as it enters or leaves a runtime. */
export interface RuntimeTensor {
  readonly dataType: DataType;
  readonly shape: Shape;
  /** Text for `string`. */
  readonly data: ElementArray | readonly string[];
}
