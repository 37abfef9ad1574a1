import type { InferTensorContents } from '../../contract/inference/open_inference.js';
import type { RawTensor } from '../../engine/index.js';
import { type Datatype, emptyContents } from './datatypes.js';

/** How ONNX Runtime holds elements that travel as numbers. */
const ARRAYS = {
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;
type NumberName = keyof typeof ARRAYS;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The elements of a tensor, or what is wrong with them. */
export type ReadData = { readonly data: RawTensor['data'] } | { readonly problem: string };

/** Elements from typed contents. */
export function readTyped(contents: InferTensorContents, type: Datatype, count: number): ReadData {
  const { typed, name } = type;
  const wrongCount = (got: number): ReadData | undefined =>
    got === count ? undefined : { problem: `expected ${count} elements of ${name}, got ${got}` };
  switch (typed.kind) {
    case 'bool': {
      const { boolContents } = contents;
      return wrongCount(boolContents.length) ?? { data: Uint8Array.from(boolContents, Number) };
    }
    case 'numbers': {
      const values = contents[typed.field];
      const [low, high] = typed.range ?? [-Infinity, Infinity];
      const outside = values.find((value) => typed.range !== undefined && !(value >= low && value <= high));
      if (outside !== undefined) return { problem: `expected ${name} of ${low} … ${high}, got ${outside}` };
      return wrongCount(values.length) ?? { data: bytesOf(new ARRAYS[name as NumberName](values)) };
    }
    case 'bigints': {
      const values = contents[typed.field];
      const Elements = typed.field === 'int64Contents' ? BigInt64Array : BigUint64Array;
      return wrongCount(values.length) ?? { data: bytesOf(Elements.from(values)) };
    }
    case 'text':
      return wrongCount(contents.bytesContents.length) ?? readText(contents.bytesContents);
    case 'raw-only':
      return { problem: `expected ${name} in raw contents, which alone can hold it` };
  }
}

/** Elements from raw bytes. The bytes are a view of the message, and begin anywhere in it: the engine aligns them. */
export function readRaw(bytes: Uint8Array, { name, size, typed }: Datatype, count: number): ReadData {
  if (typed.kind === 'text') return readRawText(bytes, count);
  const expected = count * size;
  if (bytes.length !== expected)
    return { problem: `expected ${expected} bytes for ${count} × ${name}, got ${bytes.length}` };
  return { data: bytes };
}

/** Each element is its length in four bytes, little-endian, and then its bytes. */
function readRawText(bytes: Uint8Array, count: number): ReadData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const length = offset + 4 <= bytes.length ? view.getUint32(offset, true) : Infinity;
    if (offset + 4 + length > bytes.length)
      return { problem: `expected whole elements of BYTES, got one cut off at byte ${offset}` };
    elements.push(bytes.subarray(offset + 4, offset + 4 + length));
    offset += 4 + length;
  }
  if (elements.length !== count) return { problem: `expected ${count} elements of BYTES, got ${elements.length}` };
  return readText(elements);
}

function readText(elements: readonly Uint8Array[]): ReadData {
  try {
    return { data: elements.map((element) => utf8.decode(element)) };
  } catch {
    return { problem: 'expected BYTES that are UTF-8, as ONNX has them, got others' };
  }
}

/** A tensor as raw bytes. */
export function writeRaw({ data }: RawTensor): Uint8Array {
  if (data instanceof Uint8Array) return data;
  return Buffer.concat(
    data.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** A tensor as typed contents; `undefined` for a type that only raw bytes can hold. */
export function writeTyped({ data }: RawTensor, { name, typed }: Datatype): InferTensorContents | undefined {
  const contents = emptyContents();
  if (!(data instanceof Uint8Array)) return { ...contents, bytesContents: data.map((text) => Buffer.from(text)) };
  const copy = Uint8Array.from(data).buffer; // a Buffer is a view of something larger, and so is its slice
  switch (typed.kind) {
    case 'bool':
      return { ...contents, boolContents: Array.from(data, Boolean) };
    case 'numbers':
      return { ...contents, [typed.field]: Array.from(new ARRAYS[name as NumberName](copy)) };
    case 'bigints':
      return {
        ...contents,
        [typed.field]: Array.from(typed.field === 'int64Contents' ? new BigInt64Array(copy) : new BigUint64Array(copy)),
      };
    default:
      return undefined;
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
