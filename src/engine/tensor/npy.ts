import { EngineError } from '../errors.js';
import { type Shaped, sizeOf } from './shape.js';

/** Element types of .npy files that we read and write, by NumPy's names, little-endian. */
const ELEMENTS = {
  '|u1': Uint8Array,
  '|b1': Uint8Array,
  '|i1': Int8Array,
  '<u2': Uint16Array,
  '<i2': Int16Array,
  '<i4': Int32Array,
  '<i8': BigInt64Array,
  '<f4': Float32Array,
  '<f8': Float64Array,
} as const;
type ElementName = keyof typeof ELEMENTS;

export interface NpyArray extends Shaped {
  readonly data:
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Int32Array
    | BigInt64Array
    | Float32Array
    | Float64Array;
}

const MAGIC = '\x93NUMPY';

/**
 * Reads a .npy file of version 1 to 3: numbers in C order, little-endian.
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when the file is of another kind, or too short.
 */
export function decodeNpy(file: Uint8Array): NpyArray {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 12 || bytes.toString('latin1', 0, 6) !== MAGIC) throw invalid('a .npy file', 'other bytes');
  const isLong = bytes.readUInt8(6) > 1;
  const start = isLong ? 12 : 10;
  const end = start + (isLong ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.toString('latin1', start, end);
  const name = /'descr': *'([^']+)'/.exec(header)?.[1] ?? '';
  const dimensions = /'shape': *\(([^)]*)\)/.exec(header)?.[1];
  if (!Object.hasOwn(ELEMENTS, name) || dimensions === undefined || !/'fortran_order': *False/.test(header)) {
    throw invalid(`elements ${Object.keys(ELEMENTS).join(', ')} in C order`, header.trim().slice(0, 200));
  }
  const shape = [...dimensions.matchAll(/\d+/g)].map(Number);
  const Elements = ELEMENTS[name as ElementName];
  const size = sizeOf(shape);
  const sizeBytes = size * Elements.BYTES_PER_ELEMENT;
  if (bytes.length - end !== sizeBytes) {
    throw invalid(`${sizeBytes} bytes of data for shape [${shape}]`, `${bytes.length - end}`);
  }
  const copy = bytes.buffer.slice(bytes.byteOffset + end, bytes.byteOffset + bytes.length) as ArrayBuffer;
  return { data: new Elements(copy, 0, size), shape };
}

/** A .npy file, version 1.0. */
export function encodeNpy({ data, shape }: NpyArray): Buffer {
  const name = Object.entries(ELEMENTS).find(([, Elements]) => data instanceof Elements)?.[0];
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const header = `{'descr': '${name}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Data begins at a multiple of 64 bytes, and the header ends with a line feed.
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const prefix = Buffer.alloc(10);
  prefix.write(MAGIC, 'latin1');
  prefix.writeUInt8(1, 6);
  prefix.writeUInt16LE(length, 8);
  const text = `${header.padEnd(length - 1)}\n`;
  return Buffer.concat([
    prefix,
    Buffer.from(text, 'latin1'),
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ]);
}

const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_REQUEST', `expected ${expected}, got ${got}`);
