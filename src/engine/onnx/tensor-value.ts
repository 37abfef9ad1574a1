import { EngineError } from '../errors.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { type DataType, ELEMENT_SIZES } from './data-types.js';
import type { TensorValue } from './graph.js';

/** The bytes of a typed array. */
export const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** A copy whose address suits every typed array. Not by `bytes.slice()`, which copies nothing where they are a `Buffer`. */
const aligned = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

export const float32Tensor = (values: Float32Array, shape: Shape): TensorValue => ({
  dataType: 'float32',
  shape,
  bytes: bytesOf(values),
});

/** Numbers beyond 2⁶³ only mean "to the end" (`Slice`): they become the largest or smallest int64. */
export const int64Tensor = (values: readonly number[], shape: Shape = [values.length]): TensorValue => ({
  dataType: 'int64',
  shape,
  bytes: bytesOf(BigInt64Array.from(values, toInt64)),
});

/** The int64 that is nearest to a whole number. */
export function toInt64(value: number): bigint {
  const limit = 2n ** 63n;
  const whole = BigInt(value);
  if (whole >= limit) return limit - 1n;
  return whole < -limit ? -limit : whole;
}

/**
 * The elements of a constant as float32, which is exact for float16 and bfloat16.
 *
 * @throws EngineError `INTERNAL`. Thrown when its elements are no numbers.
 */
export function float32Of(tensor: TensorValue): Float32Array {
  const { dataType, bytes } = tensor;
  switch (dataType) {
    case 'float32':
      return bytes.byteOffset % 4 === 0
        ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
        : new Float32Array(aligned(bytes));
    case 'float16':
      return Float32Array.from(new Uint16Array(aligned(bytes)), float16Reader(bytes.length / 2));
    case 'bfloat16':
      return new Float32Array(Uint32Array.from(new Uint16Array(aligned(bytes)), (bits) => bits << 16).buffer);
    default:
      return Float32Array.from(numbersOf(tensor));
  }
}

/** Looks numbers up where there are more of them than bit patterns. */
function float16Reader(count: number): (bits: number) => number {
  if (count < 2 ** 16) return float16ToNumber;
  const table = Float32Array.from({ length: 2 ** 16 }, (_, bits) => float16ToNumber(bits));
  return (bits) => table[bits] as number;
}

/**
 * The elements of a constant as numbers. Those of 64 bits are rounded to float64, as lengths and indices never are.
 *
 * @throws EngineError `INTERNAL`. Thrown when its elements are no numbers.
 */
export function numbersOf({ dataType, bytes }: TensorValue): number[] {
  const read = READERS[dataType];
  if (read === undefined) throw new EngineError('INTERNAL', `expected a tensor of numbers, got ${dataType}`);
  return read(aligned(bytes));
}

const READERS: Readonly<Partial<Record<DataType, (buffer: ArrayBuffer) => number[]>>> = {
  float32: (buffer) => [...new Float32Array(buffer)],
  float64: (buffer) => [...new Float64Array(buffer)],
  float16: (buffer) => Array.from(new Uint16Array(buffer), float16ToNumber),
  bfloat16: (buffer) => Array.from(new Uint16Array(buffer), bfloat16ToNumber),
  uint8: (buffer) => [...new Uint8Array(buffer)],
  bool: (buffer) => [...new Uint8Array(buffer)],
  int8: (buffer) => [...new Int8Array(buffer)],
  uint16: (buffer) => [...new Uint16Array(buffer)],
  int16: (buffer) => [...new Int16Array(buffer)],
  int32: (buffer) => [...new Int32Array(buffer)],
  uint32: (buffer) => [...new Uint32Array(buffer)],
  int64: (buffer) => Array.from(new BigInt64Array(buffer), Number),
  uint64: (buffer) => Array.from(new BigUint64Array(buffer), Number),
};

/** A number from the bits of an IEEE 754 binary16. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A number from the bits of a bfloat16: the upper half of a float32. */
export function bfloat16ToNumber(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0] as number;
}

/** Size in bytes that a tensor of this type and shape has. */
export const sizeBytesOf = (dataType: DataType, shape: Shape): number => sizeOf(shape) * ELEMENT_SIZES[dataType];
