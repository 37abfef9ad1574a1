import type { Draws } from '../draws.js';
import type { Shape } from '../shapes.js';
import { remainder, scaled, type Vector } from '../vector.js';
import type { RoomClass } from './room-classes.js';

/** The colour of a point in even light, channels of 0 … 1. */
export type Texture = (point: Vector, normal: Vector) => Vector;

/** Something in a room, or the room itself. */
export interface RoomThing {
  readonly shape: Shape;
  readonly classAt: (point: Vector, normal: Vector) => RoomClass;
  readonly colorAt: Texture;
  /** Whether it gives light, and so is as bright as its colour. */
  readonly isLamp?: true;
  /** Where one looks out of a window: nothing is known of what is behind. */
  readonly isOpenAt?: (point: Vector, normal: Vector) => boolean;
}

/** A thing of one class. */
export const thing = (shape: Shape, name: RoomClass, colorAt: Texture): RoomThing => ({
  shape,
  classAt: () => name,
  colorAt,
});

export const plain =
  (color: Vector): Texture =>
  () =>
    color;

/** Squares of two colours on every plane. */
export const checks =
  (a: Vector, b: Vector, side: number): Texture =>
  (point) =>
    point.reduce((sum, metres) => sum + Math.floor(metres / side + 1e-6), 0) % 2 === 0 ? a : b;

/** Stripes across one axis. */
const stripes =
  (a: Vector, b: Vector, axis: 0 | 1 | 2, side: number): Texture =>
  (point) =>
    remainder(point[axis], 2 * side) < side ? a : b;

/** A colour of its own for each board, with dark joints. */
export const boards =
  (color: Vector, axis: 0 | 2, side: number): Texture =>
  (point) => {
    const board = Math.floor(point[axis] / side);
    if (remainder(point[axis], side) < side * 0.08) return scaled(color, 0.55);
    return scaled(color, 0.85 + 0.3 * remainder(board * 0.618, 1));
  };

/** Any colour, neither black nor white. */
export const anyColor = (draws: Draws): Vector => [
  draws.uniform(0.15, 0.9),
  draws.uniform(0.15, 0.9),
  draws.uniform(0.15, 0.9),
];

/** Plain, checked or striped, in colours of chance. */
export function anyTexture(draws: Draws, side: number): Texture {
  const [a, b] = [anyColor(draws), anyColor(draws)];
  const kind = draws.integer(0, 4);
  if (kind === 0) return checks(a, b, side);
  if (kind === 1) return stripes(a, b, draws.chance(0.5) ? 0 : 1, side);
  return plain(a);
}
