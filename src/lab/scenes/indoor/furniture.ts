import type { Draws } from '../draws.js';
import { plus, type Vector } from '../vector.js';
import type { RoomClass } from './room-classes.js';
import { anyColor, anyTexture, boards, plain, type RoomThing, type Texture, thing } from './room-thing.js';

/** Where furniture stands: the middle of its back on the floor, and the way that it faces in quarter turns from z. */
export interface Place {
  readonly at: Vector;
  readonly quarters: 0 | 1 | 2 | 3;
}

/** Parts in the frame of the furniture: x to its left and right, y up, z from its back to its front. */
interface Workshop {
  box(low: Vector, high: Vector, name: RoomClass, texture: Texture): RoomThing;
  ball(center: Vector, radius: number, name: RoomClass, texture: Texture): RoomThing;
  tube(base: Vector, radius: number, height: number, name: RoomClass, texture: Texture): RoomThing;
}

export type Furniture = (draws: Draws, make: Workshop) => readonly RoomThing[];

/** Builds furniture at a place. */
export const build = (furniture: Furniture, draws: Draws, place: Place): readonly RoomThing[] =>
  furniture(draws, workshopAt(place));

function workshopAt({ at, quarters }: Place): Workshop {
  const turned = ([x, y, z]: Vector): Vector => {
    const [across, ahead] = (
      [
        [x, z],
        [z, -x],
        [-x, -z],
        [-z, x],
      ] as const
    )[quarters];
    return plus(at, [across, y, ahead]);
  };
  return {
    box(low, high, name, texture) {
      const [a, b] = [turned(low), turned(high)];
      const corner = (pick: (...numbers: number[]) => number): Vector => [
        pick(a[0], b[0]),
        pick(a[1], b[1]),
        pick(a[2], b[2]),
      ];
      return thing({ form: 'box', low: corner(Math.min), high: corner(Math.max) }, name, texture);
    },
    ball: (center, radius, name, texture) => thing({ form: 'sphere', center: turned(center), radius }, name, texture),
    tube: (base, radius, height, name, texture) =>
      thing({ form: 'cylinder', base: turned(base), radius, height }, name, texture),
  };
}

const WOODS: readonly Vector[] = [
  [0.55, 0.36, 0.2],
  [0.38, 0.24, 0.14],
  [0.72, 0.56, 0.38],
];
const anyWood = (draws: Draws): Vector => WOODS[draws.integer(0, WOODS.length)] as Vector;

/** Four legs under a board of this depth, and half its width. */
function legs(
  make: Workshop,
  name: RoomClass,
  half: number,
  depth: number,
  height: number,
  texture: Texture,
): RoomThing[] {
  const thick = 0.05;
  return [-half, half - thick].flatMap((x) =>
    [0, depth - thick].map((z) => make.box([x, 0, z], [x + thick, height, z + thick], name, texture)),
  );
}

/** A table with things on it. */
export const table: Furniture = (draws, make) => {
  const [half, depth, height] = [draws.uniform(0.5, 0.8), draws.uniform(0.7, 1), 0.74];
  const wood = anyWood(draws);
  return [
    make.box([-half, height - 0.05, 0], [half, height, depth], 'table', boards(wood, 0, 0.15)),
    ...legs(make, 'table', half, depth, height - 0.05, plain(wood)),
    ...onTop(draws, make, height, -half * 0.6, depth / 2),
    ...onTop(draws, make, height, half * 0.4, depth / 2),
  ];
};

/** A bottle, a vase, a stack of books, or nothing. */
function onTop(draws: Draws, make: Workshop, y: number, x: number, z: number): readonly RoomThing[] {
  const color = plain(anyColor(draws));
  const kind = draws.integer(0, 4);
  if (kind === 0)
    return [
      make.tube([x, y, z], 0.06, 0.22, 'bottle', color),
      make.tube([x, y + 0.22, z], 0.025, 0.12, 'bottle', color),
    ];
  if (kind === 1)
    return [make.ball([x, y + 0.13, z], 0.13, 'vase', color), make.tube([x, y + 0.22, z], 0.06, 0.14, 'vase', color)];
  if (kind === 2)
    return [0, 1, 2].map((n) =>
      make.box(
        [x - 0.15, y + n * 0.05, z - 0.11],
        [x + 0.15 - n * 0.03, y + n * 0.05 + 0.05, z + 0.11],
        'book',
        plain(anyColor(draws)),
      ),
    );
  return [];
}

export const chair: Furniture = (draws, make) => {
  const color = anyTexture(draws, 0.12);
  return [
    make.box([-0.22, 0.42, 0], [0.22, 0.48, 0.44], 'chair', color),
    make.box([-0.22, 0.48, 0], [0.22, 0.95, 0.05], 'chair', color),
    ...legs(make, 'chair', 0.22, 0.44, 0.42, plain(anyWood(draws))),
  ];
};

export const couch: Furniture = (draws, make) => {
  const half = draws.uniform(0.75, 1.15);
  const cover = anyTexture(draws, 0.2);
  return [
    make.box([-half, 0.05, 0], [half, 0.42, 0.85], 'couch', cover),
    make.box([-half, 0.42, 0], [half, 0.85, 0.25], 'couch', cover),
    make.box([-half, 0.42, 0.25], [-half + 0.18, 0.62, 0.85], 'couch', cover),
    make.box([half - 0.18, 0.42, 0.25], [half, 0.62, 0.85], 'couch', cover),
  ];
};

export const bed: Furniture = (draws, make) => {
  const half = draws.uniform(0.5, 0.85);
  const wood = plain(anyWood(draws));
  return [
    make.box([-half, 0, 0], [half, 1, 0.08], 'bed', wood),
    make.box([-half, 0.1, 0.08], [half, 0.3, 2], 'bed', wood),
    make.box([-half + 0.03, 0.3, 0.08], [half - 0.03, 0.5, 1.97], 'bed', anyTexture(draws, 0.25)),
    make.box([-half * 0.7, 0.5, 0.12], [half * 0.7, 0.62, 0.45], 'bed', plain([0.92, 0.91, 0.88])),
  ];
};

export const plant: Furniture = (draws, make) => {
  const radius = draws.uniform(0.25, 0.4);
  const green: Vector = [draws.uniform(0.08, 0.25), draws.uniform(0.35, 0.6), draws.uniform(0.08, 0.2)];
  const middle = 0.45;
  return [
    make.tube([0, 0, middle], 0.2, 0.35, 'plant', plain([0.62, 0.33, 0.2])),
    make.tube([0, 0.35, middle], 0.04, 0.35, 'plant', plain([0.3, 0.22, 0.12])),
    make.ball([0, 0.65 + radius, middle], radius, 'plant', plain(green)),
  ];
};

/** A television on a low cupboard. */
export const television: Furniture = (draws, make) => {
  const half = draws.uniform(0.45, 0.7);
  return [
    make.box([-half - 0.1, 0, 0], [half + 0.1, 0.5, 0.42], 'background', boards(anyWood(draws), 0, 0.4)),
    make.box([-0.12, 0.5, 0.14], [0.12, 0.56, 0.3], 'tv', plain([0.05, 0.05, 0.06])),
    make.box([-half, 0.56, 0.19], [half, 0.56 + half * 1.15, 0.24], 'tv', plain([0.06, 0.07, 0.09])),
  ];
};

export const refrigerator: Furniture = (draws, make) => {
  const color: Vector = draws.chance(0.5) ? [0.88, 0.88, 0.86] : [0.6, 0.62, 0.64];
  const joint: Texture = ([, y]) => (Math.abs(y - 1.2) < 0.025 ? [0.2, 0.2, 0.2] : color);
  return [make.box([-0.33, 0, 0], [0.33, draws.uniform(1.6, 1.9), 0.65], 'refrigerator', joint)];
};

/** A sideboard with an oven in it and a microwave on it. */
export const kitchenette: Furniture = (draws, make) => {
  const wood = plain(anyWood(draws));
  const door: Texture = ([, y]) => (y > 0.15 && y < 0.6 ? [0.12, 0.12, 0.13] : [0.7, 0.7, 0.7]);
  const window: Texture = ([, y]) => (y > 1 && y < 1.16 ? [0.1, 0.12, 0.14] : [0.8, 0.8, 0.8]);
  return [
    make.box([-0.9, 0, 0], [-0.3, 0.9, 0.6], 'oven', door),
    make.box([-0.3, 0, 0], [0.9, 0.9, 0.6], 'background', wood),
    make.box([0.1, 0.9, 0.1], [0.6, 1.22, 0.5], 'microwave', window),
  ];
};

/** Boards with books. */
export const shelf: Furniture = (draws, make) => {
  const wood = plain(anyWood(draws));
  const half = draws.uniform(0.4, 0.6);
  const books: RoomThing[] = [0.35, 0.8, 1.25].map((y) =>
    make.box(
      [-half + 0.05, y + 0.03, 0.04],
      [draws.uniform(-0.1, half - 0.05), y + draws.uniform(0.22, 0.34), 0.26],
      'book',
      spines(draws),
    ),
  );
  const levels = [0.35, 0.8, 1.25, 1.7].map((y) => make.box([-half, y, 0], [half, y + 0.03, 0.3], 'background', wood));
  return [
    ...levels,
    ...books,
    make.box([-half - 0.03, 0, 0], [-half, 1.73, 0.3], 'background', wood),
    make.box([half, 0, 0], [half + 0.03, 1.73, 0.3], 'background', wood),
  ];
};

/** A colour for each few centimetres across. */
function spines(draws: Draws): Texture {
  const colors = Array.from({ length: 7 }, () => anyColor(draws));
  return ([x, , z]) => colors[Math.floor(Math.abs(x + z) / 0.06) % colors.length] as Vector;
}

/** Round things without a name: a column, or a seat like a ball. */
export const pouf: Furniture = (draws, make) => {
  const radius = draws.uniform(0.25, 0.45);
  const texture = anyTexture(draws, 0.15);
  return draws.chance(0.5)
    ? [make.ball([0, radius, radius + 0.05], radius, 'background', texture)]
    : [make.tube([0, 0, radius + 0.05], radius, draws.uniform(0.4, 1.1), 'background', texture)];
};

/** A clock on the wall. */
export const clock: Furniture = (draws, make) => {
  const y = draws.uniform(1.6, 1.9);
  return [
    make.box(
      [-0.18, y, 0],
      [0.18, y + 0.36, 0.04],
      'clock',
      plain(draws.chance(0.5) ? [0.95, 0.93, 0.85] : [0.15, 0.15, 0.2]),
    ),
  ];
};
