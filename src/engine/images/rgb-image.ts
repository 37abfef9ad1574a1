import { type DecodedImage, levelsOf } from './decoded-image.js';

/** Red, green and blue of 0 … 255. */
export type Color = readonly [red: number, green: number, blue: number];

/** A picture for people: interleaved RGB, 8 bits. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A picture with `colorAt` of every pixel, counted row by row. */
export function paint(width: number, height: number, colorAt: (pixel: number) => Color): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set(colorAt(i), 3 * i);
  return { width, height, data };
}

/** A decoded image as a picture: grey becomes RGB, alpha is left out, 16 bits are rounded to 8. */
export function rgbOf(image: DecodedImage): RgbImage {
  const levels = levelsOf(image);
  const at = (i: number, c: number): number =>
    Math.round(levels[i * image.channels + (image.channels < 3 ? 0 : c)] ?? 0);
  return paint(image.width, image.height, (i) => [at(i, 0), at(i, 1), at(i, 2)]);
}
