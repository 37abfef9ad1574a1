import { EngineError } from '../errors.js';
import type { DataType } from '../onnx/data-types.js';
import type { TensorValue } from '../onnx/graph.js';
import { bfloat16ToNumber, bytesOf, float16ToNumber } from '../onnx/tensor-value.js';
import type { Shape } from '../tensor/shape.js';
import type { RuntimeTensor } from './graph-value.js';

/**
 * Numbers as a model's input takes them. Whole-number types get the nearest number in their range.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when we cannot make tensors of this type.
 */
export function toRuntime(values: Float32Array, shape: Shape, dataType: DataType): RuntimeTensor {
  switch (dataType) {
    case 'float32':
      return { dataType, shape, data: values };
    case 'float64':
      return { dataType, shape, data: Float64Array.from(values) };
    case 'float16':
      return { dataType, shape, data: Uint16Array.from(values, numberToFloat16) };
    case 'uint8':
      return { dataType, shape, data: Uint8Array.from(values, rounded(0, 255)) };
    case 'int8':
      return { dataType, shape, data: Int8Array.from(values, rounded(-128, 127)) };
    case 'uint16':
      return { dataType, shape, data: Uint16Array.from(values, rounded(0, 65_535)) };
    case 'int16':
      return { dataType, shape, data: Int16Array.from(values, rounded(-32_768, 32_767)) };
    case 'uint32':
      return { dataType, shape, data: Uint32Array.from(values, rounded(0, 2 ** 32 - 1)) };
    case 'uint64':
      return { dataType, shape, data: BigUint64Array.from(values, (value) => BigInt(Math.max(0, Math.round(value)))) };
    case 'bool':
      return { dataType, shape, data: Uint8Array.from(values, (value) => Number(value !== 0)) };
    case 'int32':
      return { dataType, shape, data: Int32Array.from(values, Math.round) };
    case 'int64':
      return { dataType, shape, data: BigInt64Array.from(values, (value) => BigInt(Math.round(value))) };
    default:
      throw new EngineError('INVALID_MODEL', `expected an input of numbers that can be made here, got ${dataType}`);
  }
}

const rounded =
  (low: number, high: number) =>
  (value: number): number =>
    Math.min(Math.max(Math.round(value), low), high);

/**
 * A model's output as float32.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when it is text.
 */
export function fromRuntime({ dataType, data }: RuntimeTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (dataType === 'string') throw new EngineError('INVALID_MODEL', 'expected an output of numbers, got text');
  if (dataType === 'float16') return Float32Array.from(data as Uint16Array, float16ToNumber);
  if (dataType === 'bfloat16') return Float32Array.from(data as Uint16Array, bfloat16ToNumber);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float32Array.from(data, Number);
  return Float32Array.from(data as Int32Array);
}

/**
 * A tensor of ONNX Runtime as graphs hold it.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when it is text.
 */
export function tensorValueOf({ dataType, shape, data }: RuntimeTensor): TensorValue {
  if (ArrayBuffer.isView(data)) return { dataType, shape, bytes: bytesOf(data) };
  throw new EngineError('INVALID_MODEL', 'expected a tensor of numbers, got text');
}

/** The bits of the IEEE 754 binary16 that is nearest to `value`, the even one of two. */
function numberToFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  const fraction = roundToEven((size / 2 ** exponent - 1) * 1024);
  return sign + ((exponent + 15) << 10) + fraction; // a fraction of 1024 carries into the exponent
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return rest > 0.5 ? floor + 1 : floor;
}
