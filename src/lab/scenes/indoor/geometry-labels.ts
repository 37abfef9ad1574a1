import { blurGaussian } from '../../../engine/index.js';
import type { Camera } from '../camera.js';
import { type Trace, vectorAt } from '../trace.js';
import { dot, scaled, type Vector } from '../vector.js';

// Labels of Taskonomy that follow from what is seen, as samples of its files, row by row. Where nothing is known, depth is
// 65 535, and every other label that geometry gives does not count.

const DEPTH_UNITS = 512;
const UNKNOWN_DEPTH = 65_535;
/** The greatest sample that counts as known. */
const DEEPEST = 64_499;

/** Depth in 1/512 m; 65 535 where it is not finite. */
export const depthSample = (metres: number): number =>
  Number.isFinite(metres) ? Math.min(Math.round(metres * DEPTH_UNITS), DEEPEST) : UNKNOWN_DEPTH;

/** Along the axis of the camera. */
export const zDepth = ({ depth }: Trace): Uint16Array => Uint16Array.from(depth, depthSample);

/** From the camera to the point. */
export const euclideanDepth = ({ depth, direction }: Trace): Uint16Array =>
  Uint16Array.from(depth, (metres, i) => depthSample(metres * Math.hypot(...vectorAt(direction, i))));

/** A hair more, so that the middle is 128 however a rotation was rounded. */
const levelOf = (share: number): number => Math.round(Math.min(Math.max(share, 0), 1) * 255 + 1e-9);

/**
 * Normals in the frame of the camera: x to the right, y up, z toward the camera. Levels 0 … 255 are −1 … 1, so a wall that one
 * looks at squarely is blue. Three channels, interleaved.
 */
export function normalLevels({ normal }: Trace, { rotation }: Camera): Uint8Array {
  const levels = new Uint8Array(normal.length);
  for (let i = 0; i < normal.length / 3; i++) {
    const n = vectorAt(normal, i);
    const along = (axis: 0 | 1 | 2): number => dot(n, [rotation[0][axis], rotation[1][axis], rotation[2][axis]]);
    levels.set(
      [along(0), along(1), -along(2)].map((part) => levelOf((part + 1) / 2)),
      3 * i,
    );
  }
  return levels;
}

/** The room in white, with the only light at the camera: the cosine between the normal and the way back to it. */
export function reshadingLevels({ normal, direction, depth }: Trace): Uint8Array {
  return Uint8Array.from(depth, (_, i) => {
    const ray = vectorAt(direction, i);
    return levelOf(-dot(vectorAt(normal, i), ray) / Math.hypot(...ray));
  });
}

/** Curvature that is level 255, in 1/m; the negative one is level 0. */
const FULL_CURVATURE = 10;

/** The greater principal curvature, the smaller, and nothing: level 128 is flat. Three channels, interleaved. */
export function curvatureLevels({ curvature, depth }: Trace): Uint8Array {
  const levels = new Uint8Array(3 * depth.length).fill(128);
  for (let i = 0; i < depth.length; i++) {
    for (const c of [0, 1]) levels[3 * i + c] = levelOf(((curvature[2 * i + c] as number) / FULL_CURVATURE + 1) / 2);
  }
  return levels;
}

/** The sample that the label 1 of an edge comes from: the share 0.00625 of the range. */
const FULL_EDGE = 0.00625 * 65_535;
/** The relative jump of depth that is an edge of full strength. */
const FULL_JUMP = 0.1;

/**
 * Where one surface is before another: 0 … 410, the strongest jump of depth to one of the four neighbours, relative to the
 * depth. Where the planes that touch the two surfaces cross between the pixels, as at the corner of walls, there is none.
 */
export function occlusionEdges(seen: Trace): Uint16Array {
  const { height, width, depth } = seen;
  const strength = new Float64Array(depth.length);
  const compare = (i: number, j: number): void => {
    if (!(Number.isFinite(depth[i]) && Number.isFinite(depth[j]))) return;
    const share = Math.min(jump(seen, i, j) / FULL_JUMP, 1);
    for (const at of [i, j]) strength[at] = Math.max(strength[at] as number, share);
  };
  for (let i = 0; i < depth.length; i++) {
    if ((i + 1) % width !== 0) compare(i, i + 1);
    if (i + width < height * width) compare(i, i + width);
  }
  return Uint16Array.from(strength, (share) => Math.round(share * FULL_EDGE));
}

/** Rounding alone makes no jump. */
const LEAST_JUMP = 1e-9;

/** How far the surfaces at two pixels are apart, relative to the depth; 0 where they meet. */
function jump(seen: Trace, i: number, j: number): number {
  const [depthI, depthJ] = [seen.depth[i] as number, seen.depth[j] as number];
  const atI = (depthI - planeDepth(seen, j, i)) / depthI;
  const atJ = (planeDepth(seen, i, j) - depthJ) / depthJ;
  const least = Math.min(Math.abs(atI), Math.abs(atJ));
  return least < LEAST_JUMP || atI > 0 !== atJ > 0 ? 0 : least;
}

/** The depth at the pixel `to` of the plane that touches the surface at `from`; Infinity where it is not ahead. */
function planeDepth({ depth, normal, direction }: Trace, from: number, to: number): number {
  const n = vectorAt(normal, from);
  const found = ((depth[from] as number) * dot(n, vectorAt(direction, from))) / dot(n, vectorAt(direction, to));
  return found > 0 ? found : Number.POSITIVE_INFINITY;
}

/** Of the window of 3-D keypoints, in pixels. */
const CORNER_WINDOW = 2;

/**
 * 3-D keypoints: 65 535 where three faces that are square to each other have equal shares of the neighbourhood, 0 on planes and
 * along edges. It is three times the least eigenvalue of the second moments of the normals, weighted by a Gaussian.
 * Source: as Harris 3D of the Point Cloud Library, with the measure of Tomasi and Kanade, 1991
 */
export function corners({ height, width, normal }: Trace): Uint16Array {
  const moment = (a: 0 | 1 | 2, b: 0 | 1 | 2): Float32Array => {
    const products = Float64Array.from({ length: height * width }, (_, i) => {
      const n = vectorAt(normal, i);
      return n[a] * n[b];
    });
    return blurGaussian(products, width, height, CORNER_WINDOW);
  };
  const [xx, yy, zz] = [moment(0, 0), moment(1, 1), moment(2, 2)];
  const [xy, xz, yz] = [moment(0, 1), moment(0, 2), moment(1, 2)];
  return Uint16Array.from(xx, (_, i) => {
    const diagonal: Vector = [xx[i] as number, yy[i] as number, zz[i] as number];
    const least = leastEigenvalue(diagonal, [xy[i] as number, xz[i] as number, yz[i] as number]);
    return Math.round(Math.min(Math.max(3 * least, 0), 1) * 65_535);
  });
}

/**
 * The least eigenvalue of a symmetric matrix of 3 × 3, by its diagonal and the entries xy, xz, yz.
 * Source: Smith, "Eigenvalues of a symmetric 3 × 3 matrix", Communications of the ACM 4(4), 1961
 */
function leastEigenvalue(diagonal: Vector, [xy, xz, yz]: Vector): number {
  const mean = (diagonal[0] + diagonal[1] + diagonal[2]) / 3;
  const [x, y, z] = diagonal.map((entry) => entry - mean) as unknown as Vector;
  const spread = Math.sqrt((x * x + y * y + z * z + 2 * (xy * xy + xz * xz + yz * yz)) / 6);
  if (spread === 0) return mean;
  const [a, b, c] = scaled([x, y, z], 1 / spread);
  const [d, e, f] = scaled([xy, xz, yz], 1 / spread);
  const half = (a * (b * c - f * f) - d * (d * c - f * e) + e * (d * f - b * e)) / 2;
  const angle = Math.acos(Math.min(Math.max(half, -1), 1)) / 3;
  return mean + 2 * spread * Math.cos(angle + (2 * Math.PI) / 3);
}
