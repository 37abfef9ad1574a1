import { EngineError } from '../errors.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { type DataType, dataTypeOf, ELEMENT_SIZES } from './data-types.js';
import type { TensorValue } from './graph.js';
import type { SparseTensor, StringStringEntry, Tensor } from './schema/onnx.js';
import { bytesOf, numbersOf } from './tensor-value.js';

/** Where a model file says that one of its tensors is. */
export interface ExternalLocation {
  /** Name of the tensor, for messages. */
  readonly tensor: string;
  /** Path relative to the model file, as written there. Not yet checked: it may point anywhere. */
  readonly location: string;
  readonly offset: number;
  /** In bytes; `undefined` means to the end of the file. */
  readonly length: number | undefined;
}

/**
 * Reads the bytes of a tensor that the model file keeps elsewhere.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the location leaves the model's folder, or does not exist.
 */
export type ReadExternal = (location: ExternalLocation) => Uint8Array;

/** Longest tensor that a file may declare: what one protobuf message, and so ONNX, can hold. */
const MAX_BYTES = 2 ** 31;

/** Most memory that the sparse tensors of a file may take, which its own size says nothing of. */
const MAX_DENSIFIED_BYTES = 2 ** 29;

/** Reads the tensors of one file. Both throw `EngineError` `INVALID_MODEL`. Thrown when a tensor makes no sense. */
export interface TensorDecoder {
  dense(source: Tensor): TensorValue;
  /** The same with its zeros written out. */
  sparse(source: SparseTensor): TensorValue;
}

export function tensorDecoder(readExternal: ReadExternal): TensorDecoder {
  let densifiedBytes = 0;

  function dense(source: Tensor): TensorValue {
    const dataType = dataTypeOf(source.dataType);
    if (dataType === undefined) throw invalid(`a known element type of ${label(source)}`, `type ${source.dataType}`);
    const shape = shapeOf(source.dims, label(source));
    if (dataType === 'string') return textTensor(source, shape);
    const sizeBytes = sizeOf(shape) * ELEMENT_SIZES[dataType];
    if (!(sizeBytes <= MAX_BYTES)) throw invalid(`at most 2 GiB in ${label(source)}`, `shape [${shape}]`);
    const bytes = tensorBytes(source, dataType, readExternal);
    if (bytes.length !== sizeBytes) {
      const where = source.dataLocation === 1 ? `, kept in ${externalLocationOf(source).location}` : '';
      throw invalid(`${sizeBytes} bytes in ${label(source)} of shape [${shape}]${where}`, `${bytes.length}`);
    }
    return { dataType, shape, bytes };
  }

  function sparse(source: SparseTensor): TensorValue {
    if (source.values === undefined || source.indices === undefined) {
      throw invalid('values and indices in a sparse tensor', 'none');
    }
    const values = dense(source.values);
    const shape = shapeOf(source.dims, label(source.values));
    const elementBytes = ELEMENT_SIZES[values.dataType];
    densifiedBytes += sizeOf(shape) * elementBytes;
    if (!(densifiedBytes <= MAX_DENSIFIED_BYTES) || elementBytes === 0) {
      throw invalid('at most 512 MiB of numbers in all sparse tensors', `shape [${shape}] of ${label(source.values)}`);
    }
    const positions = flatPositions(dense(source.indices), shape, label(source.values));
    if (positions.length * elementBytes !== values.bytes.length) {
      throw invalid(`an index for each value of ${label(source.values)}`, `${positions.length}`);
    }
    const bytes = new Uint8Array(sizeOf(shape) * elementBytes);
    for (const [i, position] of positions.entries()) {
      bytes.set(values.bytes.subarray(i * elementBytes, (i + 1) * elementBytes), position * elementBytes);
    }
    return { dataType: values.dataType, shape, bytes };
  }

  return { dense, sparse };
}

/** Row-major positions that the indices of a sparse tensor name: one number each, or one per axis. */
function flatPositions(indices: TensorValue, shape: Shape, tensor: string): number[] {
  if (indices.dataType !== 'int64') throw invalid(`int64 indices of ${tensor}`, indices.dataType);
  const [count = 0, width] = indices.shape;
  if (indices.shape.length > 2 || indices.shape.length === 0 || (width !== undefined && width !== shape.length)) {
    throw invalid(`indices of shape [n] or [n, ${shape.length}] for ${tensor}`, `[${indices.shape}]`);
  }
  const numbers = numbersOf(indices);
  const lengths = width === undefined ? [sizeOf(shape)] : shape;
  return Array.from({ length: count }, (_, i) =>
    lengths.reduce((flat, length, axis) => {
      const index = numbers[i * lengths.length + axis] as number;
      if (!(index >= 0 && index < length)) throw invalid(`indices of 0 … ${length - 1} in ${tensor}`, `${index}`);
      return flat * length + index;
    }, 0),
  );
}

function textTensor(source: Tensor, shape: Shape): TensorValue {
  if (source.stringData.length !== sizeOf(shape)) {
    throw invalid(`${sizeOf(shape)} texts in ${label(source)} of shape [${shape}]`, `${source.stringData.length}`);
  }
  return { dataType: 'string', shape, bytes: new Uint8Array(), texts: source.stringData.map(textOf) };
}

/** Text from UTF-8; bytes that are none become U+FFFD. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function tensorBytes(source: Tensor, dataType: DataType, readExternal: ReadExternal): Uint8Array {
  if (source.dataLocation === 1) return readExternal(externalLocationOf(source));
  if (source.rawData.length > 0) return source.rawData;
  switch (dataType) {
    case 'float32':
      return bytesOf(Float32Array.from(source.floatData));
    case 'float64':
      return bytesOf(Float64Array.from(source.doubleData));
    case 'int64':
      return bytesOf(BigInt64Array.from(source.int64Data));
    case 'uint64':
      return bytesOf(BigUint64Array.from(source.uint64Data));
    case 'uint32':
      return bytesOf(Uint32Array.from(source.uint64Data, Number));
    case 'int32':
      return bytesOf(Int32Array.from(source.int32Data));
    default:
      // One element per int32, whatever its width: take the lower bytes, little-endian.
      return ELEMENT_SIZES[dataType] === 1
        ? Uint8Array.from(source.int32Data)
        : bytesOf(Uint16Array.from(source.int32Data));
  }
}

/** @throws EngineError `INVALID_MODEL`. Thrown when there is no location, or an offset or a length that is no number. */
export function externalLocationOf(source: Pick<Tensor, 'name' | 'externalData'>): ExternalLocation {
  const fields = new Map(source.externalData.map(({ key, value }: StringStringEntry) => [key, value]));
  const location = fields.get('location');
  if (!location) throw invalid(`a location for ${label(source)}`, 'none');
  const bytes = (key: string): number | undefined => {
    const value = fields.get(key);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (value.trim() === '' || !Number.isSafeInteger(number) || number < 0) {
      throw invalid(`a whole ${key} for ${label(source)}`, `"${value}"`);
    }
    return number;
  };
  return { tensor: source.name, location, offset: bytes('offset') ?? 0, length: bytes('length') };
}

const label = ({ name }: Pick<Tensor, 'name'>): string => (name === '' ? 'a tensor without a name' : `tensor ${name}`);

const shapeOf = (dims: readonly bigint[], what: string): number[] => dims.map((length) => axisLength(length, what));

/** @throws EngineError `INVALID_MODEL`. Thrown when it is negative, or more than any tensor has. */
export function axisLength(length: bigint, what: string): number {
  if (length < 0n || length > BigInt(MAX_BYTES)) throw invalid(`an axis length of 0 … 2^31 in ${what}`, `${length}`);
  return Number(length);
}

const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_MODEL', `expected ${expected}, got ${got}`);
