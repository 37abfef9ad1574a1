import { drawsOf } from '../draws.js';
import { trace, vectorAt } from '../trace.js';
import { dot, plus, scaled, type Vector } from '../vector.js';
import { STREET_CLASSES } from './street-classes.js';
import { FOCAL_SHARE, type StreetWorld, type StreetWorldName, streetWorld } from './street-world.js';

export interface StreetOptions {
  readonly height: number;
  readonly width: number;
  readonly world: StreetWorldName;
}

/** A street as a camera in a car sees it: arrays row by row. */
export interface StreetScene {
  readonly height: number;
  readonly width: number;
  /** RGB levels 0–255, interleaved. */
  readonly pixels: Uint8Array;
  /** By trainId; 255 is ignored. */
  readonly classes: Uint8Array;
  /** As Cityscapes codes it: 256 · disparity + 1, where disparity is in pixels of a picture of 2048 columns; 0 is unknown. */
  readonly disparity: Uint16Array;
}

/** Between the two cameras, in metres. */
const BASELINE = 0.22;
/** Disparity is that of a picture as wide as those of Cityscapes, whatever the width: so it does not depend on the size. */
const DISPARITY_FOCAL = FOCAL_SHARE * 2048;
const FOG_METRES = 150;
const NOISE = 0.025;

/** The sample of a disparity file for a depth in metres; 0 where there is nothing. */
export function disparitySample(depth: number): number {
  if (!(depth > NEAREST && depth < Number.POSITIVE_INFINITY)) return 0;
  return Math.min(Math.max(Math.round((256 * BASELINE * DISPARITY_FOCAL) / depth + 1), 1), 65_535);
}
/** Nearer than this there is no disparity. */
const NEAREST = 0.1;

/**
 * The scene of a seed and key: the same bytes wherever the functions of `Math` agree. A `plain` world is drawn like the demo's
 * scenes; depth is along the street, not along the camera's axis, as it is there.
 *
 * @param seed 0 … 2³² − 1
 */
export function streetScene(seed: number, key: string, options: StreetOptions): StreetScene {
  const { height, width } = options;
  const draws = drawsOf(seed, key);
  const world = streetWorld(draws, options);
  const seen = trace(
    world.camera,
    world.things.map(({ shape }) => shape),
  );
  const count = height * width;
  const scene = {
    height,
    width,
    pixels: new Uint8Array(3 * count),
    classes: new Uint8Array(count).fill(STREET_CLASSES.sky),
    disparity: new Uint16Array(count),
  };
  const strip = options.world === 'busy' ? bonnet(height, width) : () => false;
  for (let i = 0; i < count; i++) {
    const thing = world.things[seen.shape[i] as number];
    const distance = seen.depth[i] as number;
    const direction = vectorAt(seen.direction, i);
    let color = skyAt(world, Math.floor(i / width));
    if (thing !== undefined) {
      const point = plus(world.camera.origin, scaled(direction, distance));
      const normal = vectorAt(seen.normal, i);
      const depth = distance * direction[2];
      scene.classes[i] = thing.classAt(point);
      scene.disparity[i] = disparitySample(depth);
      color = hazy(world, lit(world, thing.colorAt(point, normal), normal), depth);
    }
    if (strip(i)) {
      scene.classes[i] = STREET_CLASSES.ignored;
      scene.disparity[i] = 0;
      color = [0.1, 0.1, 0.12];
    }
    for (let c = 0; c < 3; c++) {
      const light = (color[c] as number) * world.exposure + draws.normal(0, NOISE);
      scene.pixels[3 * i + c] = Math.floor(Math.min(Math.max(light, 0), 1) * 255 + 0.5);
    }
  }
  return scene;
}

/** Darker toward the top. */
function skyAt({ sky, camera }: StreetWorld, row: number): Vector {
  const above = Math.min(Math.max((camera.center[1] - row) / camera.height, 0), 1);
  return plus(scaled(sky, 1 - 0.4 * above), [0.1, 0.1, 0.1]);
}

const lit = ({ sun }: StreetWorld, color: Vector, normal: Vector): Vector =>
  scaled(color, 0.55 + 0.45 * Math.min(Math.max(dot(normal, sun), 0), 1));

function hazy({ sky }: StreetWorld, color: Vector, depth: number): Vector {
  const fog = 1 - Math.exp(-Math.max(depth, 0) / FOG_METRES);
  return plus(scaled(color, 1 - fog), scaled(plus(scaled(sky, 0.9), [0.1, 0.1, 0.1]), fog));
}

/** Where the camera sees the car that it is in: the middle of the lowest rows. */
function bonnet(height: number, width: number): (pixel: number) => boolean {
  return (pixel) => {
    const down = (Math.floor(pixel / width) + 0.5) / height;
    const across = Math.abs(((pixel % width) + 0.5) / width - 0.5);
    return down > 0.92 + 0.25 * across ** 2;
  };
}
