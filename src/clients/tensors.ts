import type { Tensor } from '../contract/robustgate/v1/tensor.js';

/** Array types by the words of the Open Inference Protocol. */
const ARRAYS = {
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP32: Float32Array,
} as const;

/** The elements of a tensor of any type. */
export type TensorArray = Uint8Array | Uint16Array | Int32Array | BigInt64Array | Float32Array;

/**
 * A tensor for a request. The bytes are those of the array, not a copy.
 *
 * @param shape axis lengths, outermost first, without the batch axis
 * @throws RangeError. Thrown when the array has not as many elements as the shape says.
 */
export function tensorFrom(array: TensorArray, shape: readonly number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  if (array.length !== size)
    throw new RangeError(`expected ${size} elements for shape [${shape}], got ${array.length}`);
  const datatype = Object.entries(ARRAYS).find(([, TypedArray]) => array instanceof TypedArray)?.[0] ?? 'UINT8';
  const data = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return { datatype, shape: shape.map(BigInt), data };
}

/**
 * The elements of a tensor of a reply, copied, so that they are aligned.
 *
 * @throws RangeError. Thrown when the datatype is unknown, or the bytes are no whole number of elements.
 */
export function arrayOf({ datatype, data }: Pick<Tensor, 'datatype' | 'data'>): TensorArray {
  if (!Object.hasOwn(ARRAYS, datatype)) {
    throw new RangeError(`expected a datatype of ${Object.keys(ARRAYS).join(', ')}, got ${datatype}`);
  }
  const TypedArray = ARRAYS[datatype as keyof typeof ARRAYS];
  if (data.byteLength % TypedArray.BYTES_PER_ELEMENT !== 0) {
    throw new RangeError(`expected whole elements of ${datatype}, got ${data.byteLength} bytes`);
  }
  return new TypedArray(Uint8Array.from(data).buffer);
}
