import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { checkPixelLimit, invalidImage } from './decoded-image.js';

/** First bytes of every PNG file. */
export const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Colour types of the specification, with the bit depths that each allows. */
const COLOR_TYPES = {
  0: { channels: 1, bitDepths: [1, 2, 4, 8, 16] },
  2: { channels: 3, bitDepths: [8, 16] },
  3: { channels: 1, bitDepths: [1, 2, 4, 8] },
  4: { channels: 2, bitDepths: [8, 16] },
  6: { channels: 4, bitDepths: [8, 16] },
} as const;
type ColorType = keyof typeof COLOR_TYPES;
type BitDepth = 1 | 2 | 4 | 8 | 16;

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: BitDepth;
  readonly isPalette: boolean;
  /** Samples per pixel in the file: 1 for an index into the palette. */
  readonly channels: 1 | 2 | 3 | 4;
  readonly isInterlaced: boolean;
}

/** A PNG file that is known to be whole, and no larger than its header says. */
export interface CheckedPng {
  readonly header: PngHeader;
  /** The file again: only the chunks that decide the samples, the image data inflated and stored without compression. */
  readonly file: Buffer;
}

/**
 * Checks a PNG file from a stranger so that a decoder which trusts its input can have it: every checksum, every size, and
 * that the image data inflate to exactly what the header announces. Ancillary chunks (colour profile, gamma, text, animation,
 * the one transparent colour of a file without a palette) are dropped.
 * Source: https://www.w3.org/TR/png-3/
 *
 * @throws EngineError `INVALID_IMAGE`. Thrown when a chunk is damaged, missing, of an unknown critical kind or cut off, when
 *   the image has more pixels than the limit, or when there are more or fewer image data than pixels.
 */
export function checkPng(file: Uint8Array, maxPixels: number): CheckedPng {
  const chunks = chunksOf(file);
  const first = chunks.next().value;
  if (first?.type !== 'IHDR' || first.data.length !== 13) throw invalidImage('a PNG that begins with IHDR', 'none');
  const header = readHeader(first.data);
  checkPixelLimit(header.width, header.height, maxPixels);
  const kept: Buffer[] = [];
  const compressed: Uint8Array[] = [];
  for (const { type, data } of chunks) {
    if (type === 'IDAT') compressed.push(data);
    else if (type === 'PLTE' || (type === 'tRNS' && header.isPalette)) kept.push(chunk(type, data));
    else if (isCritical(type)) throw invalidImage('PNG chunks IHDR, PLTE, IDAT and IEND', type);
  }
  if (compressed.length === 0) throw invalidImage('a PNG with image data', 'none');
  const rows = inflate(Buffer.concat(compressed), dataBytes(header));
  const parts = [chunk('IHDR', first.data), ...kept, chunk('IDAT', deflateSync(rows, { level: 0 }))];
  return { header, file: Buffer.concat([PNG_SIGNATURE, ...parts, chunk('IEND', Buffer.alloc(0))]) };
}

/** Columns and rows that the first pixel of each part of an interlaced image is away from the corner, and their distances. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Bytes of all rows, with one in front of each that names its filter. Source: https://www.w3.org/TR/png-3/#8InterlaceMethods */
function dataBytes({ width, height, channels, bitDepth, isInterlaced }: PngHeader): number {
  const passes = isInterlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  return passes.reduce((sum, [x, y, stepX, stepY]) => {
    const columns = Math.max(0, Math.ceil((width - x) / stepX));
    const rows = columns === 0 ? 0 : Math.max(0, Math.ceil((height - y) / stepY));
    return sum + rows * (1 + Math.ceil((columns * channels * bitDepth) / 8));
  }, 0);
}

function inflate(compressed: Uint8Array, sizeBytes: number): Uint8Array {
  let inflated: Uint8Array;
  try {
    inflated = inflateSync(compressed, { maxOutputLength: sizeBytes });
  } catch (cause) {
    throw invalidImage(`${sizeBytes} bytes of deflated image data`, `${(cause as Error).message}`, cause);
  }
  if (inflated.length !== sizeBytes) throw invalidImage(`${sizeBytes} bytes of image data`, `${inflated.length}`);
  return inflated;
}

/** The chunks up to IEND, which is not yielded and must be there. */
function* chunksOf(file: Uint8Array): Generator<{ type: string; data: Uint8Array }, undefined> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  let offset = PNG_SIGNATURE.length;
  while (true) {
    if (offset + 12 > bytes.length)
      throw invalidImage('a PNG that ends with IEND', `the end after ${bytes.length} bytes`);
    const length = bytes.readUInt32BE(offset);
    const type = bytes.toString('latin1', offset + 4, offset + 8);
    const end = offset + 8 + length;
    if (end + 4 > bytes.length) throw invalidImage(`${length} bytes in ${type}`, `the end after ${bytes.length} bytes`);
    if (crc32(bytes.subarray(offset + 4, end)) !== bytes.readUInt32BE(end)) {
      throw invalidImage(`an undamaged PNG`, `a wrong checksum of ${JSON.stringify(type)} at byte ${offset}`);
    }
    if (type === 'IEND') return undefined;
    yield { type, data: bytes.subarray(offset + 8, end) };
    offset = end + 4;
  }
}

function readHeader(data: Uint8Array): PngHeader {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const [bitDepth = 0, colorType = 0, compression, filter, interlace = 0] = bytes.subarray(8);
  const kind = colorType in COLOR_TYPES ? COLOR_TYPES[colorType as ColorType] : undefined;
  if (kind === undefined || !(kind.bitDepths as readonly number[]).includes(bitDepth)) {
    throw invalidImage('a PNG colour type with a bit depth that it allows', `${colorType} with ${bitDepth}`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw invalidImage('PNG compression 0, filter 0, interlace 0 or 1', `${compression}, ${filter}, ${interlace}`);
  }
  return {
    width: bytes.readUInt32BE(0),
    height: bytes.readUInt32BE(4),
    bitDepth: bitDepth as BitDepth,
    isPalette: colorType === 3,
    channels: kind.channels,
    isInterlaced: interlace === 1,
  };
}

/** A decoder may skip a chunk that it does not know only if its first letter is small. */
const isCritical = (type: string): boolean => /^[^a-z]/.test(type);

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
