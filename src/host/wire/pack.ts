/** Typed arrays that travel as they are, by name. */
const ARRAYS = {
  Float32Array,
  Float64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint16Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
} as const;
type ArrayName = keyof typeof ARRAYS;

/** A value as JSON, with the bytes that JSON cannot hold. */
export interface Packed {
  readonly json: string;
  readonly parts: readonly Uint8Array[];
}

/** Parts begin at multiples of this, so that a typed array over one needs no copy. */
export const PART_ALIGNMENT = 8;

/** Marks of what JSON has no words for; a plain object with such a key would be taken for one, and none of ours has it. */
const PART = '$part';
const MAP = '$map';
const NUMBER = '$number';

/**
 * A value of plain objects, lists, maps, numbers, text and typed arrays, ready to be sent. Typed arrays are not copied: they
 * must not change until they are sent.
 */
export function pack(value: unknown): Packed {
  const parts: Uint8Array[] = [];
  const json = JSON.stringify(packed(value, parts));
  return { json, parts };
}

function packed(value: unknown, parts: Uint8Array[]): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return { [NUMBER]: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) {
    parts.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    return { [PART]: parts.length - 1, type: arrayName(value) };
  }
  if (value instanceof Map) return { [MAP]: [...value].map((entry) => entry.map((item) => packed(item, parts))) };
  if (Array.isArray(value)) return value.map((item) => packed(item, parts));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, packed(item, parts)]));
}

/** A `Buffer` travels as the `Uint8Array` that it is. */
function arrayName(view: ArrayBufferView): ArrayName {
  const name = Object.keys(ARRAYS).find((candidate) => view instanceof ARRAYS[candidate as ArrayName]);
  if (name === undefined) throw new TypeError(`expected a typed array, got ${view.constructor.name}`);
  return name as ArrayName;
}

/** The value again; typed arrays are views of `parts`. */
export function unpack({ json, parts }: Packed): unknown {
  return JSON.parse(json, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    if (NUMBER in value) return Number(value[NUMBER]);
    if (MAP in value) return new Map(value[MAP] as [unknown, unknown][]);
    if (!(PART in value)) return value;
    const { type } = value as unknown as { type: ArrayName };
    const bytes = parts[Number(value[PART])];
    if (bytes === undefined || !Object.hasOwn(ARRAYS, type))
      throw new TypeError(`expected a part of a message, got ${type}`);
    const Elements = ARRAYS[type];
    return new Elements(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / Elements.BYTES_PER_ELEMENT);
  });
}
