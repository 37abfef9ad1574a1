import { type Draws, drawsOf } from '../draws.js';
import { intersect, noHit, type Shape } from '../shapes.js';
import { type Trace, trace, vectorAt } from '../trace.js';
import { dot, minus, plus, scaled, type Vector } from '../vector.js';
import {
  corners,
  curvatureLevels,
  euclideanDepth,
  normalLevels,
  occlusionEdges,
  reshadingLevels,
  zDepth,
} from './geometry-labels.js';
import { blobs, greyOf, textureEdges } from './picture-labels.js';
import { ROOM_CLASSES } from './room-classes.js';
import { type RoomWorld, roomWorld } from './room-world.js';

/** A room as a camera sees it: samples of the files of Taskonomy, row by row, channels of a pixel together. */
export interface RoomScene {
  readonly height: number;
  readonly width: number;
  /** RGB levels 0–255; also the label of the reconstruction. */
  readonly pixels: Uint8Array;
  /** By domain. One channel, but for `normal` and `principal_curvature`, which have three. */
  readonly labels: Readonly<Record<RoomDomain, Uint8Array | Uint16Array>>;
}

export type RoomDomain =
  | 'segmentsemantic'
  | 'depth_zbuffer'
  | 'depth_euclidean'
  | 'edge_texture'
  | 'edge_occlusion'
  | 'keypoints2d'
  | 'keypoints3d'
  | 'normal'
  | 'principal_curvature'
  | 'reshading';

const NOISE = 0.012;

/**
 * The scene of a seed and key: the same bytes wherever the functions of `Math` agree.
 *
 * @param seed 0 … 2³² − 1
 */
export function roomScene(
  seed: number,
  key: string,
  { height, width }: { readonly height: number; readonly width: number },
): RoomScene {
  const draws = drawsOf(seed, key);
  const world = roomWorld(draws, { height, width });
  const seen = trace(
    world.camera,
    world.things.map(({ shape }) => shape),
  );
  const { pixels, classes } = paintRoom(world, seen, draws);
  const grey = greyOf(pixels, height, width);
  return {
    height,
    width,
    pixels,
    labels: {
      segmentsemantic: classes,
      depth_zbuffer: zDepth(seen),
      depth_euclidean: euclideanDepth(seen),
      edge_texture: textureEdges(grey),
      edge_occlusion: occlusionEdges(seen),
      keypoints2d: blobs(grey),
      keypoints3d: corners(seen),
      normal: normalLevels(seen, world.camera),
      principal_curvature: curvatureLevels(seen),
      reshading: reshadingLevels(seen),
    },
  };
}

/** Colours and classes. Takes from the trace what is behind a window: nothing is known there. */
function paintRoom(world: RoomWorld, seen: Trace, draws: Draws): { pixels: Uint8Array; classes: Uint8Array } {
  const count = seen.height * seen.width;
  const pixels = new Uint8Array(3 * count);
  const classes = new Uint8Array(count);
  const blockers = world.things
    .filter(({ isLamp, shape }) => isLamp === undefined && shape.form !== 'room')
    .map(({ shape }) => shape);
  for (let i = 0; i < count; i++) {
    const found = world.things[seen.shape[i] as number];
    if (found === undefined) continue;
    const normal = vectorAt(seen.normal, i);
    const point = plus(world.camera.origin, scaled(vectorAt(seen.direction, i), seen.depth[i] as number));
    const isOpen = found.isOpenAt?.(point, normal) === true;
    classes[i] = ROOM_CLASSES[found.classAt(point, normal)];
    const light = found.isLamp || isOpen ? 1 : lightAt(world, blockers, point, normal);
    const color = scaled(found.colorAt(point, normal), light);
    for (let c = 0; c < 3; c++) {
      const level = (color[c] as number) + draws.normal(0, NOISE);
      pixels[3 * i + c] = Math.round(Math.min(Math.max(level, 0), 1) * 255);
    }
    if (isOpen) forget(seen, i);
  }
  return { pixels, classes };
}

function forget(seen: Trace, i: number): void {
  seen.depth[i] = Number.POSITIVE_INFINITY;
  seen.normal.fill(0, 3 * i, 3 * i + 3);
}

/** Light that falls off slowly, with hard shadows. */
function lightAt({ lamp, ambient }: RoomWorld, blockers: readonly Shape[], point: Vector, normal: Vector): number {
  const way = minus(lamp, point);
  const metres = Math.hypot(...way);
  const cosine = dot(normal, way) / metres;
  if (cosine <= 0) return ambient;
  const ray = { origin: plus(point, scaled(normal, 1e-4)), direction: way, nearest: 1e-6 };
  const hit = noHit();
  const isDark = blockers.some((shape) => {
    intersect(shape, ray, hit);
    return hit.distance < 1;
  });
  return isDark ? ambient : ambient + ((1.1 - ambient) * cosine) / (1 + (metres / 5) ** 2);
}
