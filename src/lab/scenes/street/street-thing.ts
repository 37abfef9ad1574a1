import type { Shape } from '../shapes.js';
import type { Vector } from '../vector.js';

/** What stands in a street. */
export interface StreetThing {
  readonly shape: Shape;
  /** What a point of its surface is. */
  readonly classAt: (point: Vector) => number;
  /** The colour of a point in even light, channels of 0 … 1. */
  readonly colorAt: (point: Vector, normal: ArrayLike<number>) => Vector;
}

/** The street between its buildings, which is along z with its middle at x = 0. */
export interface StreetLayout {
  /** From the middle to the kerb, in metres. */
  readonly kerb: number;
  /** From the middle to where the sidewalk ends, in metres. */
  readonly edge: number;
}
