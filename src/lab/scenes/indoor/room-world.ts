import { type Camera, rotateBoth, tilt, turn } from '../camera.js';
import type { Draws } from '../draws.js';
import type { Shape } from '../shapes.js';
import { scaled, type Vector } from '../vector.js';
import {
  bed,
  build,
  chair,
  clock,
  couch,
  type Furniture,
  kitchenette,
  type Place,
  plant,
  pouf,
  refrigerator,
  shelf,
  table,
  television,
} from './furniture.js';
import { anyColor, boards, checks, plain, type RoomThing, type Texture, thing } from './room-thing.js';

/** A furnished room with one lamp. */
export interface RoomWorld {
  readonly camera: Camera;
  readonly things: readonly RoomThing[];
  /** Where the light comes from. */
  readonly lamp: Vector;
  /** The share of the light that comes from everywhere. */
  readonly ambient: number;
}

/** Half the sides of a room, and its height, in metres; its middle is at x = z = 0. */
interface RoomSize {
  readonly x: number;
  readonly z: number;
  readonly y: number;
}

/** Draws the world of a scene. */
export function roomWorld(draws: Draws, size: { readonly height: number; readonly width: number }): RoomWorld {
  const room: RoomSize = { x: draws.uniform(1.8, 3.2), z: draws.uniform(1.8, 3.2), y: draws.uniform(2.4, 3) };
  const camera = cameraIn(draws, room, size);
  const lamp: Vector = [draws.uniform(-0.6, 0.6) * room.x, room.y - 0.35, draws.uniform(-0.6, 0.6) * room.z];
  return {
    camera,
    lamp,
    ambient: draws.uniform(0.3, 0.5),
    things: [shell(draws, room), { ...bulb(lamp), isLamp: true }, ...furnish(draws, room, camera.origin)],
  };
}

/** Near a corner, with a view of the middle. */
function cameraIn(
  draws: Draws,
  room: RoomSize,
  { height, width }: { readonly height: number; readonly width: number },
): Camera {
  const origin: Vector = [
    draws.side() * (room.x - draws.uniform(0.3, 0.9)),
    draws.uniform(1.2, 1.7),
    draws.side() * (room.z - draws.uniform(0.3, 0.9)),
  ];
  const heading = Math.atan2(-origin[0], -origin[2]) + draws.normal(0, 0.25);
  return {
    height,
    width,
    focal: draws.uniform(0.65, 0.85) * width,
    center: [width / 2, height / 2],
    origin,
    rotation: rotateBoth(turn(heading), tilt(draws.uniform(0, 0.35))),
  };
}

const bulb = (center: Vector): RoomThing =>
  thing({ form: 'sphere', center, radius: 0.14 }, 'background', plain([1, 0.97, 0.85]));

const floorOf = (draws: Draws): Texture => {
  const color = anyColor(draws);
  return [
    boards([draws.uniform(0.4, 0.7), 0.36, 0.22], 0, 0.18),
    checks(scaled(color, 0.9), scaled(color, 0.5), draws.uniform(0.3, 0.6)),
    plain(scaled(color, 0.7)),
  ][draws.integer(0, 3)] as Texture;
};

/** Walls with a skirting board, a floor, a ceiling, and perhaps a door and windows. */
function shell(draws: Draws, { x, y, z }: RoomSize): RoomThing {
  const wall: Vector = [draws.uniform(0.55, 0.95), draws.uniform(0.55, 0.95), draws.uniform(0.5, 0.9)];
  const floor = floorOf(draws);
  const panes = [0, 1, 2].map(() => opening(draws, 0.9, draws.uniform(1.9, 2.2)));
  const pane: Opening = (point, normal) => panes.some((isPane) => isPane(point, normal));
  const door = opening(draws, 0, 2);
  const isOpenAt = (point: Vector, normal: Vector): boolean => normal[1] === 0 && pane(point, normal);
  return {
    shape: { form: 'room', low: [-x, 0, -z], high: [x, y, z] },
    classAt: (point, normal) => (isOpenAt(point, normal) ? 'unlabelled' : 'background'),
    isOpenAt,
    colorAt: (point, normal) => {
      if (normal[1] > 0) return floor(point, normal);
      if (normal[1] < 0) return [0.93, 0.93, 0.92];
      if (pane(point, normal)) return [0.7, 0.83, 0.97];
      if (door(point, normal)) return [0.5, 0.34, 0.2];
      return point[1] < 0.1 ? scaled(wall, 0.5) : wall;
    },
  };
}

type Opening = (point: Vector, normal: Vector) => boolean;

/** A rectangle on a wall of chance, or none. */
function opening(draws: Draws, bottom: number, top: number): Opening {
  const isThere = draws.chance(0.6);
  const wall = draws.integer(0, 4);
  const from = draws.uniform(-1, 0.2);
  const to = from + draws.uniform(0.8, 1.4);
  return ([x, y, z], normal) => {
    const along = normal[0] === 0 ? x : z;
    const isOnWall = wall < 2 ? normal[0] === (wall === 0 ? -1 : 1) : normal[2] === (wall === 2 ? -1 : 1);
    return isThere && isOnWall && along > from && along < to && y > bottom && y < top;
  };
}

const AT_WALLS: readonly Furniture[] = [bed, clock, couch, kitchenette, plant, refrigerator, shelf, television];
const ANYWHERE: readonly Furniture[] = [chair, chair, plant, pouf, pouf, table, table];
/** How often a free place is looked for before something is left out. */
const TRIES = 6;

/** Furniture that neither meets other furniture nor stands before the camera. */
function furnish(draws: Draws, room: RoomSize, origin: Vector): readonly RoomThing[] {
  const near = 0.8;
  const taken: Area[] = [[origin[0] - near, origin[0] + near, origin[2] - near, origin[2] + near]];
  const things: RoomThing[] = [];
  const add = (furniture: Furniture, placeOf: () => Place): void => {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const parts = build(furniture, draws, placeOf());
      const area = areaOf(parts);
      const isInside = area[0] >= -room.x && area[1] <= room.x && area[2] >= -room.z && area[3] <= room.z;
      if (!isInside || taken.some((other) => meet(area, other))) continue;
      taken.push(area);
      things.push(...parts);
      return;
    }
  };
  for (let n = draws.integer(3, 6); n > 0; n--) add(anyOf(draws, AT_WALLS), () => placeAtWall(draws, room));
  for (let n = draws.integer(2, 6); n > 0; n--) add(anyOf(draws, ANYWHERE), () => placeAnywhere(draws, room));
  return things;
}

const anyOf = (draws: Draws, list: readonly Furniture[]): Furniture => list[draws.integer(0, list.length)] as Furniture;

const quartersOf = (draws: Draws): Place['quarters'] => draws.integer(0, 4) as Place['quarters'];

/** With its back to a wall; a hair before it, so that no two surfaces are in one plane. */
function placeAtWall(draws: Draws, { x, z }: RoomSize): Place {
  const quarters = quartersOf(draws);
  const along = draws.uniform(-0.9, 0.9);
  const [wallX, wallZ] = [x - 0.001, z - 0.001];
  const at = (
    [
      [along * x, 0, -wallZ],
      [-wallX, 0, along * z],
      [along * x, 0, wallZ],
      [wallX, 0, along * z],
    ] as const
  )[quarters];
  return { at, quarters };
}

const placeAnywhere = (draws: Draws, { x, z }: RoomSize): Place => ({
  at: [draws.uniform(-0.8, 0.8) * x, 0, draws.uniform(-0.8, 0.8) * z],
  quarters: quartersOf(draws),
});

/** On the floor: from and to in x, from and to in z. */
type Area = readonly [number, number, number, number];

const meet = (a: Area, b: Area): boolean => a[0] < b[1] && b[0] < a[1] && a[2] < b[3] && b[2] < a[3];

function areaOf(parts: readonly RoomThing[]): Area {
  const areas = parts.map(({ shape }) => footprint(shape));
  return [
    Math.min(...areas.map((area) => area[0])),
    Math.max(...areas.map((area) => area[1])),
    Math.min(...areas.map((area) => area[2])),
    Math.max(...areas.map((area) => area[3])),
  ];
}

function footprint(shape: Shape): Area {
  if (shape.form === 'ground') return [-Infinity, Infinity, -Infinity, Infinity];
  if (shape.form === 'box' || shape.form === 'room') return [shape.low[0], shape.high[0], shape.low[2], shape.high[2]];
  const [x, , z] = shape.form === 'sphere' ? shape.center : shape.base;
  return [x - shape.radius, x + shape.radius, z - shape.radius, z + shape.radius];
}
