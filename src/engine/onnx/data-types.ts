/**
 * Element types of tensors, by their number in ONNX files.
 * Source: TensorProto.DataType, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export const DATA_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;
export type DataType = keyof typeof DATA_TYPES;

/** Bytes per element; a string has none. */
export const ELEMENT_SIZES: Readonly<Record<DataType, number>> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  int32: 4,
  int64: 8,
  string: 0,
  bool: 1,
  float16: 2,
  float64: 8,
  uint32: 4,
  uint64: 8,
  bfloat16: 2,
};

const NAMES = new Map<number, DataType>(Object.entries(DATA_TYPES).map(([name, number]) => [number, name as DataType]));

/** The element type with this number in ONNX files, if it is one of ours. */
export const dataTypeOf = (number: number): DataType | undefined => NAMES.get(number);

/** Element types that derivatives exist for. */
export const isFloatingPoint = (dataType: DataType): boolean =>
  dataType === 'float32' || dataType === 'float64' || dataType === 'float16' || dataType === 'bfloat16';
