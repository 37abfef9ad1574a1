import { EngineError } from '../../engine/index.js';
import { roomFiles, roomImagePath } from './indoor/room-files.js';
import { roomScene } from './indoor/room-scene.js';
import type { SceneFile, Split } from './scene-file.js';
import { streetFiles, streetImagePath } from './street/street-files.js';
import { streetScene } from './street/street-scene.js';

export const SCENE_KIND_NAMES = ['street', 'indoor'] as const;
export type SceneKindName = (typeof SCENE_KIND_NAMES)[number];

/** What scenes are asked for. */
export interface SceneRequest {
  readonly kind: SceneKindName;
  /** 0 … 2³² − 1. */
  readonly seed: number;
  readonly split: Split;
  readonly height: number;
  readonly width: number;
  /** Of streets: the nine classes of the demo's scenes, or seventeen. Rooms have one. */
  readonly world: 'plain' | 'busy';
}

/** A family of scenes and the layout that it is written in. */
interface SceneKind {
  /** Height and width where nothing is said. */
  readonly defaultSize: readonly [height: number, width: number];
  /** Longest side, in pixels. */
  readonly longest: number;
  readonly isSquare: boolean;
  /** The path of the image by whose presence a scene is found. */
  readonly imagePath: (split: Split, index: number) => string;
  /** The files of a scene, its image last: readers list images, so that a scene is there when all of it is. */
  readonly files: (request: SceneRequest, index: number) => readonly SceneFile[];
}

/** Scenes of different splits and indices have nothing in common. */
const keyOf = ({ kind, split }: SceneRequest, index: number): string => `${kind}/${split}/${index}`;

export const SCENE_KINDS: Readonly<Record<SceneKindName, SceneKind>> = {
  street: {
    defaultSize: [64, 128],
    longest: 2048,
    isSquare: false,
    imagePath: streetImagePath,
    files: (request, index) =>
      streetFiles(streetScene(request.seed, keyOf(request, index), request), request.split, index),
  },
  indoor: {
    defaultSize: [64, 64],
    longest: 256,
    isSquare: true,
    imagePath: roomImagePath,
    files: (request, index) => roomFiles(roomScene(request.seed, keyOf(request, index), request), request.split, index),
  },
};

/** Shortest side of a picture, in pixels. */
const SHORTEST = 16;

/** @throws EngineError `INVALID_OPTION`. Thrown when seed or size are out of range; the message says what was expected. */
export function checkSceneRequest({ kind, height, width, seed }: SceneRequest): void {
  const { longest, isSquare } = SCENE_KINDS[kind];
  const isSide = (side: number): boolean => Number.isInteger(side) && side >= SHORTEST && side <= longest;
  if (!(isSide(height) && isSide(width)) || (isSquare && height !== width)) {
    const sides = isSquare ? 'sides that are equal and' : 'sides';
    throw invalid(`for ${kind} scenes ${sides} of ${SHORTEST} … ${longest} pixels`, `${height}x${width}`);
  }
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) throw invalid('a seed of 0 … 2³² − 1', `${seed}`);
}

export const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_OPTION', `expected ${expected}, got ${got}`);
