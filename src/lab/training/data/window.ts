import type { Shape } from '../../../engine/index.js';
import type { Packed } from './pack.js';

/** Numbers of a picture: element (plane, y, x, channel), row-major. */
export interface Grid {
  /** Channels that come first. */
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  /** Channels that come last. */
  readonly channels: number;
}

/** What of an example is taken. */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  /** Whether it is mirrored left to right. */
  readonly isFlipped: boolean;
}

/** The grid of numbers of a picture of this size; `undefined` where their shape is of something else. */
export function gridOf(shape: Shape, height: number, width: number): Grid | undefined {
  const [a = 0, b = 0, c = 0] = shape;
  if (shape.length === 2 && a === height && b === width) return { planes: 1, height, width, channels: 1 };
  if (shape.length !== 3) return undefined;
  if (b === height && c === width) return { planes: a, height, width, channels: 1 };
  return a === height && b === width ? { planes: 1, height, width, channels: c } : undefined;
}

/** The shape of a window of numbers whose shape was `shape`. */
export function windowShape(shape: Shape, grid: Grid, { height, width }: Window): Shape {
  if (shape.length === 2) return [height, width];
  return grid.channels === 1 && shape[0] === grid.planes
    ? [grid.planes, height, width]
    : [height, width, grid.channels];
}

/** Writes the window of `data` to `target` from `start` on. */
export function copyWindow(data: Packed, grid: Grid, window: Window, target: Packed, start: number): void {
  const { planes, height, width, channels } = grid;
  let next = start;
  for (let plane = 0; plane < planes; plane++) {
    for (let y = window.top; y < window.top + window.height; y++) {
      const row = (plane * height + y) * width;
      for (let x = 0; x < window.width; x++) {
        const from = (row + window.left + (window.isFlipped ? window.width - 1 - x : x)) * channels;
        for (let channel = 0; channel < channels; channel++) target[next++] = data[from + channel] as number;
      }
    }
  }
}
