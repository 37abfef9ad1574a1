import { EngineError } from '../../engine/index.js';
import type { SceneFile, Split } from './scene-file.js';
import { streetFiles, streetImagePath } from './street/street-files.js';
import { streetScene } from './street/street-scene.js';

export const SCENE_KIND_NAMES = ['street'] as const;
export type SceneKindName = (typeof SCENE_KIND_NAMES)[number];

/** What scenes are asked for. */
export interface SceneRequest {
  readonly kind: SceneKindName;
  /** 0 … 2³² − 1. */
  readonly seed: number;
  readonly split: Split;
  readonly height: number;
  readonly width: number;
  /** Of streets: the nine classes of the demo's scenes, or sixteen. Rooms have one. */
  readonly world: 'plain' | 'busy';
}

/** A family of scenes and the layout that it is written in. */
interface SceneKind {
  /** Height and width where nothing is said. */
  readonly defaultSize: readonly [height: number, width: number];
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
    imagePath: streetImagePath,
    files: (request, index) =>
      streetFiles(streetScene(request.seed, keyOf(request, index), request), request.split, index),
  },
};

/** Smallest and largest side of a picture, in pixels. */
const SIDES = [16, 2048] as const;

/** @throws EngineError `INVALID_OPTION`. Thrown when seed or size are out of range; the message says what was expected. */
export function checkSceneRequest({ height, width, seed }: SceneRequest): void {
  const [least, most] = SIDES;
  const isSide = (side: number): boolean => Number.isInteger(side) && side >= least && side <= most;
  if (!(isSide(height) && isSide(width)))
    throw invalid(`a size of ${least} … ${most} whole pixels each way`, `${height}x${width}`);
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) throw invalid('a seed of 0 … 2³² − 1', `${seed}`);
}

export const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_OPTION', `expected ${expected}, got ${got}`);
