/** A point, a direction, or a colour with channels of 0 … 1. Metres; x to the right, y up, z ahead. */
export type Vector = readonly [x: number, y: number, z: number];

export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const scaled = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
export const plus = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
/** The same direction at length 1. */
export const unit = (a: Vector): Vector => scaled(a, 1 / Math.hypot(...a));
/** The remainder of a division by a positive number, in [0, by). */
export const remainder = (value: number, by: number): number => value - by * Math.floor(value / by);
