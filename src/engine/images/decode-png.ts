import { inflateSync } from 'node:zlib';
import { type DecodedImage, invalidImage } from './decoded-image.js';
import { type PngHeader, readPng } from './png-file.js';
import { unfilterRows } from './png-filters.js';

/**
 * The samples of a PNG file, exactly as stored: one per element, with indices replaced by
 * their RGB colours (and kept beside them). Gamma, colour profiles and the transparent colour of a file without a palette are ignored, as
 * OpenCV and PIL do, so that a level means the number in the file.
 *
 * @throws EngineError `INVALID_IMAGE`. Thrown when the file is damaged, cut off or above a limit. The limits are checked
 *   against its header, and it is never inflated beyond the size that the header announces.
 */
export function decodePng(file: Uint8Array, maxPixels: number): DecodedImage {
  const { header, palette, paletteAlpha, compressed } = readPng(file, maxPixels);
  const passes = passesOf(header);
  const sizeBytes = passes.reduce((sum, pass) => sum + pass.rows * (pass.rowBytes + 1), 0);
  const inflated = inflate(compressed, sizeBytes);
  const { width, height, channels, bitDepth } = header;
  const data = new (bitDepth === 16 ? Uint16Array : Uint8Array)(width * height * channels);
  let start = 0;
  for (const pass of passes) {
    unfilterRows(inflated, start, pass.rows, pass.rowBytes, Math.max(1, (channels * bitDepth) / 8));
    for (let r = 0; r < pass.rows; r++) {
      const begin = start + r * (pass.rowBytes + 1) + 1;
      const row = unpackRow(inflated.subarray(begin, begin + pass.rowBytes), bitDepth, pass.columns * channels);
      placeRow(data, row, pass, pass.y + r * pass.stepY, header);
    }
    start += pass.rows * (pass.rowBytes + 1);
  }
  if (data instanceof Uint8Array && header.isPalette) {
    const colors = expandPalette(data, palette, paletteAlpha);
    const isOpaque = paletteAlpha.length === 0;
    return { width, height, channels: isOpaque ? 3 : 4, bitDepth: 8, data: colors, indices: data };
  }
  return { width, height, channels, bitDepth, data, indices: undefined };
}

/** A part of an image that is stored as rows of its own: all of it, or one of the seven parts of an interlaced image. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly columns: number;
  readonly rows: number;
  readonly rowBytes: number;
}

/** First column and row, and distance of columns and rows. Source: https://www.w3.org/TR/png-3/#8InterlaceMethods */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function passesOf({ width, height, channels, bitDepth, isInterlaced }: PngHeader): readonly Pass[] {
  return (isInterlaced ? ADAM7 : ([[0, 0, 1, 1]] as const))
    .map(([x, y, stepX, stepY]) => {
      const columns = Math.ceil((width - x) / stepX);
      const rows = Math.ceil((height - y) / stepY);
      return { x, y, stepX, stepY, columns, rows, rowBytes: Math.ceil((columns * channels * bitDepth) / 8) };
    })
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
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

function unpackRow(row: Uint8Array, bitDepth: number, count: number): Uint8Array | Uint16Array {
  if (bitDepth === 8) return row;
  if (bitDepth === 16) {
    const samples = new Uint16Array(count);
    const bytes = Buffer.from(samples.buffer);
    bytes.set(row);
    bytes.swap16();
    return samples;
  }
  const perByte = 8 / bitDepth;
  const mask = 2 ** bitDepth - 1;
  return Uint8Array.from({ length: count }, (_, i) => {
    const shift = 8 - bitDepth * ((i % perByte) + 1);
    return ((row[Math.floor(i / perByte)] ?? 0) >> shift) & mask;
  });
}

function placeRow(
  data: Uint8Array | Uint16Array,
  row: Uint8Array | Uint16Array,
  { x, stepX, columns }: Pass,
  y: number,
  { width, channels }: PngHeader,
): void {
  if (stepX === 1) {
    data.set(row, y * width * channels);
    return;
  }
  for (let column = 0; column < columns; column++) {
    const to = (y * width + x + column * stepX) * channels;
    for (let c = 0; c < channels; c++) data[to + c] = row[column * channels + c] as number;
  }
}

/** RGB by index, or RGB and alpha where the palette has some. */
function expandPalette(indices: Uint8Array, palette: Uint8Array, alpha: Uint8Array): Uint8Array {
  const channels = alpha.length === 0 ? 3 : 4;
  const colors = new Uint8Array(indices.length * channels).fill(255);
  for (const [i, index] of indices.entries()) {
    if (3 * index >= palette.length) throw invalidImage(`an index below ${palette.length / 3}`, `${index}`);
    for (let c = 0; c < 3; c++) colors[channels * i + c] = palette[3 * index + c] as number;
    if (index < alpha.length) colors[channels * i + 3] = alpha[index] as number;
  }
  return colors;
}
