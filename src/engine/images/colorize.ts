import { UNLABELLED } from './palette.js';
import { type Color, paint, type RgbImage } from './rgb-image.js';

/** Numbers of one channel, row by row. */
export interface ValueMap {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number>;
}

/** A map of classes in the colours of a palette. */
export function colorizeClasses({ width, height, data }: ValueMap, palette: readonly Color[]): RgbImage {
  return paint(width, height, (i) => palette[data[i] as number] ?? UNLABELLED);
}

/**
 * A map of numbers, such as depth, in colours whose lightness grows with the number.
 *
 * @param range numbers that get the first and the last colour; beyond them, and NaN, the nearest and the first
 */
export function colorizeValues({ width, height, data }: ValueMap, [low, high]: readonly [number, number]): RgbImage {
  const span = high > low ? high - low : 1;
  return paint(width, height, (i) => valueColor(((data[i] as number) - low) / span));
}

/** Equal steps of CIELAB lightness, L* = 6, 17 … 94, from blue over red to yellow, each as strong as sRGB allows. */
const STEPS: readonly Color[] = [
  [3, 19, 44],
  [9, 36, 104],
  [99, 23, 151],
  [170, 20, 131],
  [227, 29, 111],
  [251, 94, 90],
  [252, 152, 76],
  [254, 199, 49],
  [255, 242, 82],
];

/** The colour of a fraction of the range, between the two nearest steps. */
export function valueColor(fraction: number): Color {
  const last = STEPS.length - 1;
  const position = Number.isNaN(fraction) ? 0 : Math.min(Math.max(fraction, 0), 1) * last;
  const index = Math.min(Math.floor(position), last - 1);
  const mix = (c: 0 | 1 | 2): number => {
    const [from, to] = [STEPS[index]?.[c] ?? 0, STEPS[index + 1]?.[c] ?? 0];
    return Math.round(from + (to - from) * (position - index));
  };
  return [mix(0), mix(1), mix(2)];
}
