import type { Tensor } from '../../contract/robustgate/v1/tensor.js';
import type { ReplyTensor, Shape, Violations } from '../../engine/index.js';

/** Element types of tensors in requests, with their size in bytes and how they are read. */
const DATATYPES = {
  UINT8: { size: 1, read: (bytes: ArrayBuffer) => Float32Array.from(new Uint8Array(bytes)) },
  UINT16: { size: 2, read: (bytes: ArrayBuffer) => Float32Array.from(new Uint16Array(bytes)) },
  INT32: { size: 4, read: (bytes: ArrayBuffer) => Float32Array.from(new Int32Array(bytes)) },
  INT64: { size: 8, read: (bytes: ArrayBuffer) => Float32Array.from(new BigInt64Array(bytes), Number) },
  FP32: { size: 4, read: (bytes: ArrayBuffer) => new Float32Array(bytes) },
} as const;
export type Datatype = keyof typeof DATATYPES;

/** The elements of a tensor, as numbers. */
export interface ReadTensor {
  readonly data: Float32Array;
  readonly shape: Shape;
}

const MAX_RANK = 8;
const MAX_LENGTH = 2 ** 31 - 1;

/**
 * Reads a tensor of a request; adds a violation and gives `undefined` where it makes no sense. Sizes are checked before
 * anything is allocated.
 */
export function readTensor(
  tensor: Tensor,
  allowed: readonly Datatype[],
  field: string,
  violations: Violations,
): ReadTensor | undefined {
  const { datatype, shape, data } = tensor;
  if (!allowed.some((name) => name === datatype)) {
    violations.add(`${field}.datatype`, `expected one of ${allowed.join(', ')}, got ${datatype || 'none'}`);
    return undefined;
  }
  if (shape.length > MAX_RANK || shape.some((n) => n < 1n || n > BigInt(MAX_LENGTH))) {
    violations.add(`${field}.shape`, `expected at most ${MAX_RANK} axes of length 1 … ${MAX_LENGTH}, got [${shape}]`);
    return undefined;
  }
  const { size, read } = DATATYPES[datatype as Datatype];
  const lengths = shape.map(Number);
  const expected = lengths.reduce((product, n) => product * n, size);
  if (data.length !== expected) {
    violations.add(`${field}.data`, `expected ${expected} bytes for ${datatype} [${lengths}], got ${data.length}`);
    return undefined;
  }
  // The bytes are a view of the message, and begin anywhere in it.
  const copy = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer;
  return { data: read(copy), shape: lengths };
}

/** A tensor of a reply. */
export const writeTensor = ({ datatype, shape, data }: ReplyTensor): Tensor => ({
  datatype,
  shape: shape.map(BigInt),
  data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
});
