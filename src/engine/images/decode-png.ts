import { inflateSync } from 'node:zlib';
import { convertIndexedToRgb, type DecodedPng, decode } from 'fast-png';
import { EngineError } from '../errors.js';
import type { DecodedImage } from './decoded-image.js';

/** What the head of a file says of its pixels. */
interface Header {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  readonly channels: number;
  readonly isInterlaced: boolean;
}

/** Channels by colour type: grey, RGB, palette, grey and alpha, RGB and alpha. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * The image in a PNG file, samples exactly as they are stored.
 * Spec: https://www.w3.org/TR/png-3/
 *
 * @throws EngineError `INVALID_IMAGE`. Thrown when the file is broken or has more pixels than allowed. A file that would
 *   unpack to more than its head says is refused before it does.
 */
export function decodePng(file: Uint8Array, maxPixels: number): DecodedImage {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const header = readHeader(bytes);
  const { width, height } = header;
  if (width * height > maxPixels) {
    throw new EngineError('INVALID_IMAGE', `expected at most ${maxPixels} pixels, got ${width} × ${height}`);
  }
  checkPackedSize(bytes, header);
  try {
    return imageOf(decode(file, { checkCrc: true }), header);
  } catch (cause) {
    throw new EngineError(
      'INVALID_IMAGE',
      `expected a PNG file that can be read, got: ${messageOf(cause)}`,
      {},
      { cause },
    );
  }
}

function readHeader(bytes: Buffer): Header {
  if (bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR') {
    throw new EngineError('INVALID_IMAGE', 'expected a PNG file that begins with its header, got other bytes');
  }
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const [bitDepth, colorType] = [bytes.readUInt8(24), bytes.readUInt8(25)];
  const channels = CHANNELS[colorType];
  if (width === 0 || height === 0 || channels === undefined || ![1, 2, 4, 8, 16].includes(bitDepth)) {
    throw new EngineError(
      'INVALID_IMAGE',
      `expected a PNG header that makes sense, got ${width} × ${height}, colour type ${colorType}, ${bitDepth} bits`,
    );
  }
  return { width, height, bitDepth, channels, isInterlaced: bytes.readUInt8(28) === 1 };
}

/** Unpacks the pixels once, to no more than the head says, so that nothing larger is ever unpacked. */
function checkPackedSize(bytes: Buffer, header: Header): void {
  const expected = unpackedSize(header);
  let unpacked: Buffer;
  try {
    unpacked = inflateSync(Buffer.concat(dataChunks(bytes)), { maxOutputLength: expected });
  } catch (cause) {
    const what = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'more' : messageOf(cause);
    throw new EngineError(
      'INVALID_IMAGE',
      `expected ${expected} bytes of pixels in the PNG file, got ${what}`,
      {},
      { cause },
    );
  }
  if (unpacked.length !== expected) {
    throw new EngineError(
      'INVALID_IMAGE',
      `expected ${expected} bytes of pixels in the PNG file, got ${unpacked.length}`,
    );
  }
}

function dataChunks(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  let [offset, isEnded] = [8, false];
  while (offset + 12 <= bytes.length && !isEnded) {
    const length = bytes.readUInt32BE(offset);
    const type = bytes.toString('latin1', offset + 4, offset + 8);
    if (type === 'IDAT') chunks.push(bytes.subarray(offset + 8, offset + 8 + length));
    isEnded = type === 'IEND';
    offset += 12 + length;
  }
  if (!isEnded || offset > bytes.length)
    throw new EngineError('INVALID_IMAGE', 'expected a whole PNG file, got a part of one');
  return chunks;
}

/** Every row is packed with a byte before it; an interlaced image is seven images. */
function unpackedSize({ width, height, bitDepth, channels, isInterlaced }: Header): number {
  const sizeOf = (w: number, h: number): number => (w === 0 ? 0 : h * (1 + Math.ceil((w * bitDepth * channels) / 8)));
  if (!isInterlaced) return sizeOf(width, height);
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  return passes.reduce(
    (sum, [x, y, dx, dy]) =>
      sum + sizeOf(Math.max(0, Math.ceil((width - x) / dx)), Math.max(0, Math.ceil((height - y) / dy))),
    0,
  );
}

function imageOf(png: DecodedPng, { width, height, bitDepth }: Header): DecodedImage {
  if (png.palette !== undefined) {
    const data = convertIndexedToRgb(png);
    const channels = (data.length / (width * height)) as 3 | 4;
    return { width, height, channels, bitDepth: 8, data, indices: unpackSamples(png, width, height) };
  }
  const data = bitDepth < 8 ? unpackSamples(png, width, height) : plain(png.data);
  return {
    width,
    height,
    channels: png.channels as DecodedImage['channels'],
    bitDepth: bitDepth as DecodedImage['bitDepth'],
    data,
    indices: undefined,
  };
}

const plain = (data: DecodedPng['data']): Uint8Array | Uint16Array =>
  data instanceof Uint16Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Samples of fewer than 8 bits are packed, each row from a new byte on. */
function unpackSamples({ data, depth }: DecodedPng, width: number, height: number): Uint8Array {
  if (depth >= 8) return Uint8Array.from(data);
  const perRow = Math.ceil((width * depth) / 8);
  const mask = 2 ** depth - 1;
  const samples = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * perRow + (bit >> 3)] as number;
      samples[y * width + x] = (byte >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return samples;
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
