import { decode } from 'fast-png';
import { type DecodedImage, invalidImage } from './decoded-image.js';
import { checkPng, type PngHeader } from './png-file.js';

/**
 * The samples of a PNG file, exactly as stored: one per element, with indices replaced by their RGB colours (and kept beside
 * them). Gamma, colour profiles and the transparent colour of a file without a palette are ignored, as OpenCV and PIL do, so
 * that a level means the number in the file.
 *
 * @throws EngineError `INVALID_IMAGE`. Thrown when the file is damaged, cut off or above a limit, or when it interlaces
 *   samples of less than a byte. The limits are checked against its header, and it is never inflated beyond the size that
 *   the header announces.
 */
export function decodePng(file: Uint8Array, maxPixels: number): DecodedImage {
  const { header, file: checked } = checkPng(file, maxPixels);
  const { width, height, channels, bitDepth } = header;
  // fast-png reads such a file as if each sample filled a byte.
  if (header.isInterlaced && bitDepth < 8) {
    throw invalidImage('8 or 16 bits per sample in an interlaced PNG', `${bitDepth}`);
  }
  const { data: stored, palette } = decodeChecked(checked);
  const data = bitDepth < 8 ? unpackRows(stored as Uint8Array, header) : (stored as Uint8Array | Uint16Array);
  if (!header.isPalette) return { width, height, channels, bitDepth, data };
  const colors = expandPalette(data as Uint8Array, palette ?? []);
  return { width, height, ...colors, bitDepth: 8, indices: data as Uint8Array };
}

function decodeChecked(file: Buffer): Pick<ReturnType<typeof decode>, 'data' | 'palette'> {
  try {
    return decode(file);
  } catch (cause) {
    throw invalidImage('a PNG', (cause as Error).message, cause);
  }
}

/** Samples of 1, 2 or 4 bits, which the rows hold packed from the high bits down, each row from a byte of its own. */
function unpackRows(packed: Uint8Array, { width, height, bitDepth }: PngHeader): Uint8Array {
  const perByte = 8 / bitDepth;
  const rowBytes = Math.ceil(width / perByte);
  const mask = 2 ** bitDepth - 1;
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const column = i % width;
    const byte = packed[Math.floor(i / width) * rowBytes + Math.floor(column / perByte)] ?? 0;
    return (byte >> (8 - bitDepth * ((column % perByte) + 1))) & mask;
  });
}

/** RGB by index, or RGB and alpha where the palette has some. */
function expandPalette(
  indices: Uint8Array,
  palette: readonly (readonly number[])[],
): { channels: 3 | 4; data: Uint8Array } {
  const channels = palette.some((color) => color.length === 4) ? 4 : 3;
  const data = new Uint8Array(indices.length * channels);
  for (const [i, index] of indices.entries()) {
    const color = palette[index];
    if (color === undefined) throw invalidImage(`an index below ${palette.length}`, `${index}`);
    data.set(color, channels * i);
  }
  return { channels, data };
}
