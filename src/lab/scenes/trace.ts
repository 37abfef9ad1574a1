import { type Camera, directionAt } from './camera.js';
import { intersect, noHit, type Shape } from './shapes.js';
import type { Vector } from './vector.js';

/** What a camera sees of shapes: for each pixel, row by row. */
export interface Trace {
  readonly height: number;
  readonly width: number;
  /** Index of the shape; −1 where there is none. */
  readonly shape: Int16Array;
  /** Metres along the camera's axis; Infinity where there is nothing. */
  readonly depth: Float64Array;
  /** Direction of the ray in the world, three numbers together, one metre long along the axis. */
  readonly direction: Float64Array;
  /** Unit normals in the world, three numbers together; 0 where there is nothing. */
  readonly normal: Float64Array;
  /** Principal curvatures in 1/m, the greater one first, two numbers together: above 0 on a ball. */
  readonly curvature: Float64Array;
}

/** Nearer than this nothing is seen, in metres. */
const NEAREST = 0.1;

/** Sends a ray through the middle of every pixel. The nearest shape counts, of equally near ones the first. */
export function trace(camera: Camera, shapes: readonly Shape[]): Trace {
  const { height, width, origin } = camera;
  const count = height * width;
  const seen: Trace = {
    height,
    width,
    shape: new Int16Array(count).fill(-1),
    depth: new Float64Array(count).fill(Number.POSITIVE_INFINITY),
    direction: new Float64Array(3 * count),
    normal: new Float64Array(3 * count),
    curvature: new Float64Array(2 * count),
  };
  const hit = noHit();
  for (let i = 0; i < count; i++) {
    const direction = directionAt(camera, i % width, Math.floor(i / width));
    seen.direction.set(direction, 3 * i);
    const ray = { origin, direction, nearest: NEAREST };
    for (const [index, shape] of shapes.entries()) {
      intersect(shape, ray, hit);
      if (hit.distance >= (seen.depth[i] as number)) continue;
      seen.depth[i] = hit.distance;
      seen.shape[i] = index;
      seen.normal.set(hit.normal, 3 * i);
      seen.curvature.set(hit.curvature, 2 * i);
    }
  }
  return seen;
}

/** Three numbers of a trace that belong to a pixel. */
export const vectorAt = (numbers: Float64Array, pixel: number): Vector => [
  numbers[3 * pixel] as number,
  numbers[3 * pixel + 1] as number,
  numbers[3 * pixel + 2] as number,
];
