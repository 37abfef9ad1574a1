import { type Camera, directionAt } from './camera.js';
import { type Hit, intersect, type Shape } from './shapes.js';

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
  /** 1 where the surface is bent. */
  readonly bent: Uint8Array;
}

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
    bent: new Uint8Array(count),
  };
  const hit: Hit = { distance: 0, normal: [0, 0, 0], isBent: false };
  for (let i = 0; i < count; i++) {
    const direction = directionAt(camera, i % width, Math.floor(i / width));
    seen.direction.set(direction, 3 * i);
    for (const [index, shape] of shapes.entries()) {
      intersect(shape, origin, direction, hit);
      if (hit.distance >= (seen.depth[i] as number)) continue;
      seen.depth[i] = hit.distance;
      seen.shape[i] = index;
      seen.normal.set(hit.normal, 3 * i);
      seen.bent[i] = Number(hit.isBent);
    }
  }
  return seen;
}
