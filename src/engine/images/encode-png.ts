import { encode } from 'fast-png';
import { EngineError } from '../errors.js';
import type { DecodedImage } from './decoded-image.js';

/** Samples row by row, the channels of a pixel together: 16 bits in a Uint16Array, else 8. */
export type PngImage = Pick<DecodedImage, 'width' | 'height' | 'channels' | 'data'>;

/**
 * A PNG file that holds exactly the samples of the image.
 *
 * @throws EngineError `INTERNAL`. Thrown when `data` has not as many samples as sizes and channels say.
 */
export function encodePng({ width, height, channels, data }: PngImage): Uint8Array {
  const count = width * height * channels;
  if (count === 0 || data.length !== count)
    throw new EngineError('INTERNAL', `expected ${count} samples, got ${data.length}`);
  return encode({ width, height, channels, data, depth: data instanceof Uint16Array ? 16 : 8 });
}
