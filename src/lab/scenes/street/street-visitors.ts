import type { Draws } from '../draws.js';
import type { Vector } from '../vector.js';
import { STREET_CLASSES } from './street-classes.js';
import type { StreetLayout, StreetThing } from './street-thing.js';

type Box = readonly [low: Vector, high: Vector];
type ClassName = keyof typeof STREET_CLASSES;

/** A box of one class in colours of its own height. */
const block = ([low, high]: Box, name: ClassName, colorAt: (point: Vector) => Vector): StreetThing => ({
  shape: { form: 'box', low, high },
  classAt: () => STREET_CLASSES[name],
  colorAt,
});

/** What a busy street has beside that of the demo: walls, fences, lights, signs, trucks, buses, riders on bicycles. */
export function visitors(draws: Draws, layout: StreetLayout): StreetThing[] {
  const makers = [barrier, barrier, light, sign, sign, truck, bus, cyclist, cyclist];
  return makers.flatMap((make) => (draws.chance(0.6) ? make(draws, layout) : []));
}

const anyColor = (draws: Draws): Vector => [draws.uniform(0.05, 0.95), draws.uniform(0.05, 0.95), draws.uniform(0, 1)];

/** A wall of stone, or a fence with gaps drawn on it. */
function barrier(draws: Draws, { edge }: StreetLayout): StreetThing[] {
  const x = draws.side() * edge;
  const z = draws.uniform(6, 40);
  const isWall = draws.chance(0.5);
  const box: Box = [
    [x - 0.15, 0, z],
    [x + 0.15, isWall ? draws.uniform(1.5, 2.5) : draws.uniform(0.9, 1.3), z + draws.uniform(5, 15)],
  ];
  if (isWall) return [block(box, 'wall', ([, y]) => (y % 0.5 < 0.08 ? [0.36, 0.33, 0.32] : [0.58, 0.52, 0.5]))];
  return [block(box, 'fence', ([, , at]) => (at % 0.6 < 0.2 ? [0.28, 0.2, 0.14] : [0.6, 0.45, 0.3]))];
}

const mast = (x: number, z: number, height: number): StreetThing =>
  block(
    [
      [x - 0.08, 0, z],
      [x + 0.08, height, z + 0.16],
    ],
    'pole',
    () => [0.4, 0.4, 0.42],
  );

function light(draws: Draws, { kerb }: StreetLayout): StreetThing[] {
  const x = draws.side() * (kerb + 0.4);
  const z = draws.uniform(6, 25);
  const lit = draws.integer(0, 3);
  const box: Box = [
    [x - 0.25, 3, z - 0.1],
    [x + 0.25, 4.2, z + 0.2],
  ];
  const lamps: readonly Vector[] = [
    [0.1, 0.95, 0.35],
    [1, 0.8, 0.1],
    [1, 0.15, 0.1],
  ];
  return [
    mast(x, z, 3),
    block(box, 'trafficLight', ([, y]) =>
      Math.floor((y - 3) / 0.4) === lit ? (lamps[lit] as Vector) : [0.07, 0.08, 0.08],
    ),
  ];
}

function sign(draws: Draws, { kerb }: StreetLayout): StreetThing[] {
  const x = draws.side() * (kerb + 0.5);
  const z = draws.uniform(6, 25);
  const face: Vector = draws.chance(0.5) ? [0.9, 0.8, 0.05] : [0.1, 0.25, 0.8];
  const box: Box = [
    [x - 0.4, 2.1, z - 0.05],
    [x + 0.4, 2.9, z],
  ];
  return [mast(x, z, 2.1), block(box, 'trafficSign', ([, y]) => (Math.abs(y - 2.5) > 0.3 ? [0.95, 0.95, 0.95] : face))];
}

function truck(draws: Draws, { kerb }: StreetLayout): StreetThing[] {
  const x = draws.uniform(-kerb + 1.3, kerb - 1.3);
  const z = draws.uniform(12, 45);
  const cargo = anyColor(draws);
  const box: Box = [
    [x - 1.2, 0.3, z],
    [x + 1.2, 3.2, z + 7],
  ];
  return [block(box, 'truck', ([, y]) => (y < 0.8 ? [0.1, 0.1, 0.1] : cargo))];
}

function bus(draws: Draws, { kerb }: StreetLayout): StreetThing[] {
  const x = draws.uniform(-kerb + 1.3, kerb - 1.3);
  const z = draws.uniform(14, 45);
  const paint = anyColor(draws);
  const box: Box = [
    [x - 1.3, 0.25, z],
    [x + 1.3, 3, z + 11],
  ];
  return [block(box, 'bus', ([, y]) => (y > 1.3 && y < 2.4 ? [0.15, 0.18, 0.22] : paint))];
}

/** A rider on a bicycle, seen from behind. */
function cyclist(draws: Draws, { kerb }: StreetLayout): StreetThing[] {
  const x = draws.side() * draws.uniform(kerb - 1.2, kerb - 0.4);
  const z = draws.uniform(5, 25);
  const shirt = anyColor(draws);
  const frame: Box = [
    [x - 0.15, 0, z],
    [x + 0.15, 0.9, z + 1.7],
  ];
  const body: Box = [
    [x - 0.27, 0.9, z + 0.4],
    [x + 0.27, 1.85, z + 0.9],
  ];
  return [
    block(frame, 'bicycle', ([, y]) => (y < 0.65 ? [0.08, 0.08, 0.09] : [0.6, 0.12, 0.12])),
    block(body, 'rider', ([, y]) => (y > 1.55 ? [0.75, 0.58, 0.48] : shirt)),
  ];
}
