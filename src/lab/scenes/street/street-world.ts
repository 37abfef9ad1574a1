import { type Camera, rotateBoth, tilt, turn } from '../camera.js';
import type { Draws } from '../draws.js';
import type { Shape } from '../shapes.js';
import { plus, remainder, scaled, unit, type Vector } from '../vector.js';
import { STREET_CLASSES } from './street-classes.js';
import type { StreetLayout, StreetThing } from './street-thing.js';
import { visitors } from './street-visitors.js';

/** How much is in the streets: the nine classes of the demo's scenes, or seventeen, with a strip of the camera's car ignored. */
export type StreetWorldName = 'plain' | 'busy';

export interface StreetWorld {
  readonly camera: Camera;
  readonly things: readonly StreetThing[];
  /** Colour of the sky. */
  readonly sky: Vector;
  /** Direction to the sun, of length 1. */
  readonly sun: Vector;
  /** What all light is multiplied with. */
  readonly exposure: number;
}

/** Field of view: the focal length is this share of the width. */
export const FOCAL_SHARE = 0.62;
const HORIZON_SHARE = 0.45;
const REACH = 400;

/** Draws the world of a scene. Sizes and colours do not depend on the size of the picture. */
export function streetWorld(
  draws: Draws,
  { height, width, world }: { readonly height: number; readonly width: number; readonly world: StreetWorldName },
): StreetWorld {
  const tilted = tilt(draws.normal(0, 0.02));
  const turned = turn(draws.normal(0, 0.05));
  const origin: Vector = [draws.normal(0, 0.6), 1.6 + draws.normal(0, 0.1), 0];
  const sky = noisy(draws, [0.45, 0.6, 0.85], 0.08);
  const kerb = draws.uniform(3, 4.5);
  const layout: StreetLayout = { kerb, edge: kerb + draws.uniform(1.5, 2.5) };
  return {
    camera: {
      height,
      width,
      focal: FOCAL_SHARE * width,
      center: [width / 2, HORIZON_SHARE * height],
      origin,
      rotation: rotateBoth(tilted, turned),
    },
    things: [
      ground(draws, layout),
      ...roadsides(draws, layout),
      ...several(draws, 1, 6, () => car(draws, layout)),
      ...several(draws, 0, 7, () => person(draws, layout)),
      ...several(draws, 1, 6, () => pole(draws, layout)),
      ...(world === 'busy' ? visitors(draws, layout) : []),
    ],
    sky,
    sun: unit([draws.uniform(-0.6, 0.6), 0.8, -0.4]),
    exposure: draws.uniform(0.8, 1.15),
  };
}

const several = (draws: Draws, low: number, high: number, make: () => StreetThing): StreetThing[] =>
  Array.from({ length: draws.integer(low, high) }, make);

const noisy = (draws: Draws, color: Vector, deviation: number): Vector =>
  plus(color, [draws.normal(0, deviation), draws.normal(0, deviation), draws.normal(0, deviation)]);

const GROUND_COLORS = {
  road: [0.32, 0.32, 0.34],
  sidewalk: [0.55, 0.52, 0.5],
  terrain: [0.35, 0.45, 0.22],
} as const;
const MARKING: Vector = [0.85, 0.85, 0.85];

function ground(draws: Draws, { kerb, edge }: StreetLayout): StreetThing {
  const tint = (color: Vector): Vector => noisy(draws, scaled(color, draws.uniform(0.8, 1.2)), 0.03);
  const colors = {
    road: tint(GROUND_COLORS.road),
    sidewalk: tint(GROUND_COLORS.sidewalk),
    terrain: tint(GROUND_COLORS.terrain),
  };
  const partAt = ([x]: Vector): keyof typeof GROUND_COLORS =>
    Math.abs(x) < kerb ? 'road' : Math.abs(x) < edge ? 'sidewalk' : 'terrain';
  const isMarked = ([x, , z]: Vector): boolean => Math.abs(x) < 0.12 && remainder(z, 4) < 2;
  return {
    shape: { form: 'ground', reach: REACH },
    classAt: (point) => STREET_CLASSES[partAt(point)],
    colorAt: (point) => (isMarked(point) ? MARKING : colors[partAt(point)]),
  };
}

/** Buildings and trees on both sides, 120 m ahead. */
function roadsides(draws: Draws, { edge }: StreetLayout): StreetThing[] {
  const things: StreetThing[] = [];
  for (const side of [-1, 1]) {
    let z = draws.uniform(2, 8);
    while (z < 120) {
      const length = draws.uniform(6, 18);
      const height = draws.uniform(4, 16);
      const front = side * (edge + draws.uniform(0.3, 3));
      const back = front + side * draws.uniform(5, 12);
      if (draws.chance(0.75)) things.push(building(draws, [front, back], height, [z, z + length]));
      else if (draws.chance(0.8)) things.push(tree(draws, [front, front + side * 3], z));
      z += length + draws.uniform(0, 5);
    }
  }
  return things;
}

type Range = readonly [number, number];

const standing = ([a, b]: Range, height: number, [near, far]: Range): Shape => ({
  form: 'box',
  low: [Math.min(a, b), 0, near],
  high: [Math.max(a, b), height, far],
});

function building(draws: Draws, across: Range, height: number, along: Range): StreetThing {
  const color = noisy(draws, scaled([1, 0.9, 0.8], draws.uniform(0.2, 0.8)), 0.08);
  const glass = scaled(color, 0.45);
  return {
    shape: standing(across, height, along),
    classAt: () => STREET_CLASSES.building,
    colorAt: ([x, y, z], normal) => {
      const u = normal[0] === 0 ? x : z;
      const floor = remainder(y, 3);
      return remainder(u, 2.5) < 1.3 && floor > 1 && floor < 2.4 ? glass : color;
    },
  };
}

function tree(draws: Draws, across: Range, z: number): StreetThing {
  const shape = standing(across, draws.uniform(2, 6), [z, z + draws.uniform(2, 5)]);
  const color = scaled([0.15, 0.38, 0.12], draws.uniform(0.7, 1.4));
  return { shape, classAt: () => STREET_CLASSES.vegetation, colorAt: () => color };
}

const CAR_GLASS: Vector = [0.12, 0.14, 0.18];

function car(draws: Draws, { kerb }: StreetLayout): StreetThing {
  const x = draws.uniform(-kerb + 1, kerb - 1);
  const z = draws.uniform(6, 45);
  const color: Vector = [draws.uniform(0, 1), draws.uniform(0, 1), draws.uniform(0, 1)];
  const below = scaled(color, 0.4);
  return {
    shape: { form: 'box', low: [x - 0.9, 0.15, z], high: [x + 0.9, 1.5, z + 4.2] },
    classAt: () => STREET_CLASSES.car,
    colorAt: ([, y]) => (y > 0.9 && y < 1.35 ? CAR_GLASS : y < 0.4 ? below : color),
  };
}

const SKIN: Vector = [0.75, 0.58, 0.48];

function person(draws: Draws, { kerb, edge }: StreetLayout): StreetThing {
  const x = draws.side() * draws.uniform(kerb, edge);
  const z = draws.uniform(4, 30);
  const color: Vector = [draws.uniform(0.05, 0.9), draws.uniform(0.05, 0.9), draws.uniform(0.05, 0.9)];
  return {
    shape: standing([x - 0.28, x + 0.28], 1.75, [z, z + 0.4]),
    classAt: () => STREET_CLASSES.person,
    colorAt: ([, y]) => (y > 1.5 ? SKIN : color),
  };
}

const POLE_COLOR: Vector = [0.4, 0.4, 0.42];

function pole(draws: Draws, { kerb }: StreetLayout): StreetThing {
  const x = draws.side() * (kerb + 0.3);
  const z = draws.uniform(5, 50);
  return {
    shape: standing([x - 0.1, x + 0.1], 6, [z, z + 0.2]),
    classAt: () => STREET_CLASSES.pole,
    colorAt: () => POLE_COLOR,
  };
}
