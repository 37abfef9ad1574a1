import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Example } from '../../clients/index.js';
import { type DecodedImage, decodeImage } from '../../engine/index.js';

/** A labelled scene: its files, and what is in them. */
export interface Scene {
  readonly key: string;
  readonly example: Example;
  readonly image: DecodedImage;
  /** Classes by trainId. */
  readonly segmentation: DecodedImage;
  /** 16 bits: disparity · 1000. */
  readonly disparity: DecodedImage;
}

const LIMITS = { maxPixels: 2 ** 20, maxBytes: 2 ** 20 };

/**
 * Reads the first scenes of a folder in the layout of Cityscapes.
 *
 * @throws Error. Thrown when there are fewer.
 */
export async function readScenes(folder: string, count: number): Promise<Scene[]> {
  const images = join(folder, 'leftImg8bit/val/street');
  const names = (await readdir(images)).filter((name) => name.endsWith('_leftImg8bit.png')).sort();
  if (names.length < count) throw new Error(`expected at least ${count} scenes in ${images}, got ${names.length}`);
  return Promise.all(names.slice(0, count).map((name) => readScene(folder, name.replace('_leftImg8bit.png', ''))));
}

async function readScene(folder: string, key: string): Promise<Scene> {
  const read = (kind: string, suffix: string) => readFile(join(folder, kind, 'val/street', `${key}_${suffix}.png`));
  const files = {
    image: await read('leftImg8bit', 'leftImg8bit'),
    segmentation: await read('gtFine', 'gtFine_trainIds'),
    disparity: await read('disparity', 'disparity'),
  };
  const example: Example = {
    key,
    input: { $case: 'encodedImage', value: files.image },
    labels: {
      segmentation: { value: { $case: 'png', value: { data: files.segmentation } } },
      depth: { value: { $case: 'png', value: { data: files.disparity } } },
    },
    extraInputs: {},
  };
  return {
    key,
    example,
    image: await decodeImage(files.image, LIMITS),
    segmentation: await decodeImage(files.segmentation, LIMITS),
    disparity: await decodeImage(files.disparity, LIMITS),
  };
}
