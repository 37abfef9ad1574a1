import { type InferTensorContents, DataType as TritonType } from '../../contract/inference/open_inference.js';
import type { DataType } from '../../engine/index.js';

/** Lists of `InferTensorContents` that hold numbers. */
type NumberField = 'intContents' | 'uintContents' | 'fp32Contents' | 'fp64Contents';
type BigField = 'int64Contents' | 'uint64Contents';

/** How elements of a type travel when they are not raw bytes. */
export type TypedForm =
  | { readonly kind: 'bool' }
  | {
      readonly kind: 'numbers';
      readonly field: NumberField;
      /** Smallest and largest whole number; none for floating point. */
      readonly range?: readonly [low: number, high: number];
    }
  | { readonly kind: 'bigints'; readonly field: BigField }
  | { readonly kind: 'text' }
  | { readonly kind: 'raw-only' };

/** A type of the Open Inference Protocol. */
export interface Datatype {
  /** As requests write it. */
  readonly name: string;
  readonly dataType: DataType;
  readonly triton: TritonType;
  /** Bytes of an element; 0 for text, whose elements are as long as they are. */
  readonly size: number;
  readonly typed: TypedForm;
}

const whole = (field: NumberField, low: number, high: number): TypedForm => ({
  kind: 'numbers',
  field,
  range: [low, high],
});

/** Every type, one line each. Source: the protocol's "Tensor Data Types", and `InferTensorContents`. */
const DATATYPES: readonly Datatype[] = [
  { name: 'BOOL', dataType: 'bool', triton: TritonType.TYPE_BOOL, size: 1, typed: { kind: 'bool' } },
  { name: 'UINT8', dataType: 'uint8', triton: TritonType.TYPE_UINT8, size: 1, typed: whole('uintContents', 0, 255) },
  {
    name: 'UINT16',
    dataType: 'uint16',
    triton: TritonType.TYPE_UINT16,
    size: 2,
    typed: whole('uintContents', 0, 65_535),
  },
  {
    name: 'UINT32',
    dataType: 'uint32',
    triton: TritonType.TYPE_UINT32,
    size: 4,
    typed: whole('uintContents', 0, 2 ** 32 - 1),
  },
  {
    name: 'UINT64',
    dataType: 'uint64',
    triton: TritonType.TYPE_UINT64,
    size: 8,
    typed: { kind: 'bigints', field: 'uint64Contents' },
  },
  { name: 'INT8', dataType: 'int8', triton: TritonType.TYPE_INT8, size: 1, typed: whole('intContents', -128, 127) },
  {
    name: 'INT16',
    dataType: 'int16',
    triton: TritonType.TYPE_INT16,
    size: 2,
    typed: whole('intContents', -32_768, 32_767),
  },
  {
    name: 'INT32',
    dataType: 'int32',
    triton: TritonType.TYPE_INT32,
    size: 4,
    typed: whole('intContents', -(2 ** 31), 2 ** 31 - 1),
  },
  {
    name: 'INT64',
    dataType: 'int64',
    triton: TritonType.TYPE_INT64,
    size: 8,
    typed: { kind: 'bigints', field: 'int64Contents' },
  },
  { name: 'FP16', dataType: 'float16', triton: TritonType.TYPE_FP16, size: 2, typed: { kind: 'raw-only' } },
  { name: 'BF16', dataType: 'bfloat16', triton: TritonType.TYPE_BF16, size: 2, typed: { kind: 'raw-only' } },
  {
    name: 'FP32',
    dataType: 'float32',
    triton: TritonType.TYPE_FP32,
    size: 4,
    typed: { kind: 'numbers', field: 'fp32Contents' },
  },
  {
    name: 'FP64',
    dataType: 'float64',
    triton: TritonType.TYPE_FP64,
    size: 8,
    typed: { kind: 'numbers', field: 'fp64Contents' },
  },
  { name: 'BYTES', dataType: 'string', triton: TritonType.TYPE_STRING, size: 0, typed: { kind: 'text' } },
];

/** Names of all types, as requests write them. */
export const datatypeNames = (): readonly string[] => DATATYPES.map(({ name }) => name);

export const datatypeNamed = (name: string): Datatype | undefined => DATATYPES.find((each) => each.name === name);

export function datatypeOf(dataType: DataType): Datatype {
  const found = DATATYPES.find((each) => each.dataType === dataType);
  if (found === undefined) throw new Error(`expected a type of the protocol, got ${dataType}`);
  return found;
}

/** Contents without an element. */
export const emptyContents = (): InferTensorContents => ({
  boolContents: [],
  intContents: [],
  int64Contents: [],
  uintContents: [],
  uint64Contents: [],
  fp32Contents: [],
  fp64Contents: [],
  bytesContents: [],
});
