import { EngineError } from '../errors.js';
import { decodeJpeg } from './decode-jpeg.js';
import { decodePng } from './decode-png.js';
import type { DecodedImage, ImageLimits } from './decoded-image.js';

/** How files of formats begin that people send. */
const FORMATS: Readonly<Record<string, readonly number[]>> = {
  PNG: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  JPEG: [0xff, 0xd8, 0xff],
  GIF: [0x47, 0x49, 0x46, 0x38],
  BMP: [0x42, 0x4d],
  TIFF: [0x49, 0x49, 0x2a, 0x00],
  WebP: [0x52, 0x49, 0x46, 0x46],
};

/**
 * The image in a PNG or JPEG file. Limits are checked before anything is unpacked.
 *
 * @throws EngineError `INVALID_IMAGE`. Thrown when the file is of another format, broken, or larger than allowed.
 */
export async function decodeImage(file: Uint8Array, limits: ImageLimits): Promise<DecodedImage> {
  if (file.length > limits.maxBytes) {
    throw new EngineError('INVALID_IMAGE', `expected a file of at most ${limits.maxBytes} bytes, got ${file.length}`);
  }
  const format = Object.entries(FORMATS).find(([, magic]) => magic.every((byte, i) => file[i] === byte))?.[0];
  if (format === 'PNG') return decodePng(file, limits.maxPixels);
  if (format === 'JPEG') return await decodeJpeg(file, limits.maxPixels);
  throw new EngineError('INVALID_IMAGE', `expected a PNG or JPEG file, got ${format ?? 'another'}`);
}
