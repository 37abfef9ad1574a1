import type { Sharp, SharpOptions } from 'sharp';
import { EngineError } from '../errors.js';
import type { DecodedImage } from './decoded-image.js';

/**
 * The image in a JPEG file, in sRGB or grey. Its orientation tag is ignored: pixels come as they are stored, which is what
 * a network was most likely trained on, and what a label file of the same size fits.
 *
 * Decoders differ in the last bit: a result of a JPEG can be repeated only with the same version of libvips.
 *
 * @throws EngineError `INVALID_IMAGE`. Thrown when the file is broken or has more pixels than allowed, or sharp, an
 *   optional dependency, is not installed.
 */
export async function decodeJpeg(file: Uint8Array, maxPixels: number): Promise<DecodedImage> {
  const sharp = await loadSharp();
  try {
    const image = sharp(file, { limitInputPixels: maxPixels, failOn: 'truncated' });
    const { data, info } = await image.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
    const samples = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const channels = info.channels as DecodedImage['channels'];
    return { width: info.width, height: info.height, channels, bitDepth: 8, data: samples, indices: undefined };
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      'INVALID_IMAGE',
      `expected a JPEG file of at most ${maxPixels} pixels, got: ${text}`,
      {},
      { cause },
    );
  }
}

async function loadSharp(): Promise<(input: Uint8Array, options: SharpOptions) => Sharp> {
  try {
    const { default: sharp } = await import('sharp');
    return sharp;
  } catch (cause) {
    throw new EngineError(
      'INVALID_IMAGE',
      'expected a PNG file, got a JPEG one, for which sharp is missing: npm install sharp',
      {},
      { cause },
    );
  }
}
