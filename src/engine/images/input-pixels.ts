import { EngineError } from '../errors.js';
import type { Shape } from '../tensor/shape.js';
import type { DecodedImage } from './decoded-image.js';

/** How a model takes an image. */
export interface ImageForm {
  readonly layout: 'NCHW' | 'NHWC';
  readonly colorOrder: 'RGB' | 'BGR' | 'GREY';
}

/** An image as a model takes it: levels 0–255 in its layout and colour order, without the batch axis. */
export interface InputPixels {
  readonly pixels: Float32Array;
  readonly shape: Shape;
}

/**
 * The levels of an image as a model takes them. Grey becomes grey RGB; an alpha channel is dropped where it is opaque.
 *
 * @throws EngineError `INVALID_IMAGE`. Thrown when it has 16 bits, transparent pixels, or colours that a grey model cannot take.
 */
export function inputPixels(image: DecodedImage, { layout, colorOrder }: ImageForm): InputPixels {
  const { width, height, channels, bitDepth, data } = image;
  if (bitDepth === 16) throw new EngineError('INVALID_IMAGE', 'expected an image of 8 bits, got 16: levels are 0–255');
  const hasAlpha = channels === 2 || channels === 4;
  const isGrey = channels < 3;
  const most = 2 ** bitDepth - 1;
  if (hasAlpha && data.some((sample, i) => i % channels === channels - 1 && sample !== most)) {
    throw new EngineError('INVALID_IMAGE', 'expected an opaque image, got one with transparent pixels');
  }
  if (colorOrder === 'GREY' && !isGrey)
    throw new EngineError('INVALID_IMAGE', 'expected a grey image, got one in colour');
  const wanted = colorOrder === 'GREY' ? 1 : 3;
  const positions = width * height;
  const pixels = new Float32Array(positions * wanted);
  for (let i = 0; i < positions; i++) {
    for (let c = 0; c < wanted; c++) {
      const source = isGrey ? 0 : colorOrder === 'BGR' ? 2 - c : c;
      const level = ((data[i * channels + source] as number) * 255) / most;
      pixels[layout === 'NCHW' ? c * positions + i : i * wanted + c] = level;
    }
  }
  return { pixels, shape: layout === 'NCHW' ? [wanted, height, width] : [height, width, wanted] };
}
