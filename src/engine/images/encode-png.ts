import { EngineError } from '../errors.js';
import type { DecodedImage } from './decoded-image.js';
import { writePng } from './png-file.js';
import { filterRows } from './png-filters.js';

/** Samples row by row, the channels of a pixel together: 16 bits in a Uint16Array, else 8. */
export type PngImage = Pick<DecodedImage, 'width' | 'height' | 'channels' | 'data'>;

/** PNG colour type by number of channels. */
const COLOR_TYPES = { 1: 0, 2: 4, 3: 2, 4: 6 } as const;

/**
 * A PNG file that holds exactly the samples of the image.
 *
 * @throws EngineError `INTERNAL`. Thrown when `data` has not as many samples as sizes and channels say.
 */
export function encodePng({ width, height, channels, data }: PngImage): Buffer {
  const count = width * height * channels;
  if (count === 0 || data.length !== count)
    throw new EngineError('INTERNAL', `expected ${count} samples, got ${data.length}`);
  const bitDepth = data instanceof Uint16Array ? 16 : 8;
  const pixelBytes = (channels * bitDepth) / 8;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const samples = bitDepth === 16 ? Buffer.from(bytes).swap16() : bytes;
  const rows = filterRows(samples, width * pixelBytes, pixelBytes);
  return writePng({ width, height, bitDepth, colorType: COLOR_TYPES[channels] }, rows);
}
