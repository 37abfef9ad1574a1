import { dot, plus, scaled, type Vector } from './vector.js';

/** A pinhole camera. */
export interface Camera {
  readonly height: number;
  readonly width: number;
  /** In pixels. */
  readonly focal: number;
  /** Where the axis meets the picture, in pixels from its left upper corner. */
  readonly center: readonly [x: number, y: number];
  readonly origin: Vector;
  /** Rows of the matrix that turns directions of the camera into those of the world. */
  readonly rotation: Rotation;
}

export type Rotation = readonly [Vector, Vector, Vector];

/** To the right, by radians. */
export const turn = (angle: number): Rotation => [
  [Math.cos(angle), 0, Math.sin(angle)],
  [0, 1, 0],
  [-Math.sin(angle), 0, Math.cos(angle)],
];

/** Down, by radians. */
export const tilt = (angle: number): Rotation => [
  [1, 0, 0],
  [0, Math.cos(angle), -Math.sin(angle)],
  [0, Math.sin(angle), Math.cos(angle)],
];

/** First `inner`, then `outer`. */
export function rotateBoth(outer: Rotation, inner: Rotation): Rotation {
  const [x, y, z] = inner;
  const row = (by: Vector): Vector => plus(plus(scaled(x, by[0]), scaled(y, by[1])), scaled(z, by[2]));
  return [row(outer[0]), row(outer[1]), row(outer[2])];
}

/**
 * What the ray through the middle of a pixel adds to the origin for each metre along the axis of the camera, in the world: so a
 * hit at the distance t on it has the depth t along the axis.
 */
export function directionAt({ focal, center, rotation }: Camera, column: number, row: number): Vector {
  const seen: Vector = [(column + 0.5 - center[0]) / focal, -(row + 0.5 - center[1]) / focal, 1];
  return [dot(rotation[0], seen), dot(rotation[1], seen), dot(rotation[2], seen)];
}
