import type { Vector } from './vector.js';

/** What rays may hit. Lengths in metres. */
export type Shape =
  /** With sides along the axes. */
  | { readonly form: 'box'; readonly low: Vector; readonly high: Vector }
  /** The inner side of such a box, seen from within. */
  | { readonly form: 'room'; readonly low: Vector; readonly high: Vector }
  /** The plane y = 0, seen from above, to a distance along the ray. */
  | { readonly form: 'ground'; readonly reach: number }
  | { readonly form: 'sphere'; readonly center: Vector; readonly radius: number }
  /** Upright, with a lid and a bottom. */
  | { readonly form: 'cylinder'; readonly base: Vector; readonly radius: number; readonly height: number };

/** Where a ray hits a shape first. */
export interface Hit {
  /** In multiples of the ray's direction; Infinity where it hits nothing. */
  distance: number;
  /** Of length 1, toward the side that the ray comes from. */
  normal: [number, number, number];
  /** Principal curvatures, the greater one first, in 1/m: above 0 where the surface bends away from the ray. */
  curvature: [number, number];
}

/** A ray, and how far on it the first thing is that counts, in multiples of its direction. */
export interface Ray {
  readonly origin: Vector;
  readonly direction: Vector;
  readonly nearest: number;
}

/** A hit to be written over. */
export const noHit = (): Hit => ({ distance: Number.POSITIVE_INFINITY, normal: [0, 0, 0], curvature: [0, 0] });

/** Finds where the ray hits the shape, and writes it into `hit`. */
export function intersect(shape: Shape, ray: Ray, hit: Hit): void {
  hit.distance = Number.POSITIVE_INFINITY;
  hit.curvature[0] = 0;
  hit.curvature[1] = 0;
  switch (shape.form) {
    case 'box':
    case 'room':
      slabs(shape, ray, hit);
      return;
    case 'ground':
      flat(shape.reach, ray, hit);
      return;
    case 'sphere':
      round(shape, ray, hit);
      return;
    case 'cylinder':
      upright(shape, ray, hit);
      return;
  }
}

function report(hit: Hit, distance: number, x: number, y: number, z: number): void {
  hit.distance = distance;
  hit.normal[0] = x;
  hit.normal[1] = y;
  hit.normal[2] = z;
}

function flat(reach: number, { origin, direction, nearest }: Ray, hit: Hit): void {
  const distance = -origin[1] / direction[1];
  if (direction[1] < -1e-6 && distance > nearest && distance < reach) report(hit, distance, 0, 1, 0);
}

/** The axes' entries and exits: a box is hit at its last entry, a room at its first exit. */
function slabs(
  { form, low, high }: Extract<Shape, { form: 'box' | 'room' }>,
  { origin, direction, nearest }: Ray,
  hit: Hit,
): void {
  let entry = Number.NEGATIVE_INFINITY;
  let exit = Number.POSITIVE_INFINITY;
  let entryAxis = 0;
  let exitAxis = 0;
  for (let axis = 0; axis < 3; axis++) {
    const d = direction[axis] as number;
    const inverse = 1 / (Math.abs(d) < 1e-9 ? 1e-9 : d);
    const a = ((low[axis] as number) - (origin[axis] as number)) * inverse;
    const b = ((high[axis] as number) - (origin[axis] as number)) * inverse;
    const near = Math.min(a, b);
    const far = Math.max(a, b);
    if (near > entry) {
      entry = near;
      entryAxis = axis;
    }
    if (far < exit) {
      exit = far;
      exitAxis = axis;
    }
  }
  const distance = form === 'box' ? entry : exit;
  if (!(entry < exit && distance > nearest)) return;
  const axis = form === 'box' ? entryAxis : exitAxis;
  report(hit, distance, 0, 0, 0);
  hit.normal[axis] = -Math.sign(direction[axis] as number);
}

/** The smaller root of |o + t d − c|² = r². */
function round(
  { center, radius }: Extract<Shape, { form: 'sphere' }>,
  { origin, direction, nearest }: Ray,
  hit: Hit,
): void {
  const [x, y, z] = [origin[0] - center[0], origin[1] - center[1], origin[2] - center[2]];
  const [dx, dy, dz] = direction;
  const a = dx * dx + dy * dy + dz * dz;
  const b = x * dx + y * dy + z * dz;
  const discriminant = b * b - a * (x * x + y * y + z * z - radius * radius);
  if (discriminant <= 0) return;
  const t = (-b - Math.sqrt(discriminant)) / a;
  if (t <= nearest) return;
  report(hit, t, (x + t * dx) / radius, (y + t * dy) / radius, (z + t * dz) / radius);
  hit.curvature[0] = 1 / radius;
  hit.curvature[1] = 1 / radius;
}

/** The mantle where its height fits, else the nearer of lid and bottom. */
function upright(
  { base, radius, height }: Extract<Shape, { form: 'cylinder' }>,
  { origin, direction, nearest }: Ray,
  hit: Hit,
): void {
  const [x, y, z] = [origin[0] - base[0], origin[1] - base[1], origin[2] - base[2]];
  const [dx, dy, dz] = direction;
  const a = dx * dx + dz * dz;
  const b = x * dx + z * dz;
  const discriminant = b * b - a * (x * x + z * z - radius * radius);
  const t = a === 0 || discriminant <= 0 ? Number.NaN : (-b - Math.sqrt(discriminant)) / a;
  const at = y + t * dy;
  if (t > nearest && at >= 0 && at <= height) {
    report(hit, t, (x + t * dx) / radius, 0, (z + t * dz) / radius);
    hit.curvature[0] = 1 / radius;
    return;
  }
  const lid = dy === 0 ? Number.NaN : ((dy < 0 ? height : 0) - y) / dy;
  const isOnLid = (x + lid * dx) ** 2 + (z + lid * dz) ** 2 <= radius * radius;
  if (lid > nearest && isOnLid) report(hit, lid, 0, dy < 0 ? 1 : -1, 0);
}
