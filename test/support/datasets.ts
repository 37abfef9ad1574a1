import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { LabelledTask } from '../../src/engine/datasets/dataset.js';
import { type DatasetConfig, datasetConfigSchema } from '../../src/engine/datasets/dataset-config.js';
import { EngineError } from '../../src/engine/errors.js';
import { encodePng } from '../../src/engine/images/encode-png.js';
import { pngBytes } from './png-bytes.js';
import { temporaryFolder } from './temporary-folder.js';

/** A task of numbers, but for what the test is about. */
export const labelled = (name: string, change: Partial<LabelledTask> = {}): LabelledTask => ({
  name,
  kind: 'regression',
  labelForm: 'numbers',
  labelScale: [1],
  labelOffset: [0],
  invalid: undefined,
  isReconstruction: false,
  classes: [],
  ...change,
});

export const segmentation = (name = 'segmentation'): LabelledTask =>
  labelled(name, { kind: 'semantic-segmentation', labelForm: 'class-map' });
export const depth = (name = 'depth', change: Partial<LabelledTask> = {}): LabelledTask =>
  labelled(name, { kind: 'depth', ...change });

/** Files in a temporary folder, by path. */
export async function folderWith(
  t: Pick<ExecutionContext, 'teardown'>,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const [path, data] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), data);
  }
  return folder;
}

/** A configuration with every default filled in. */
export const configOf = (options: { readonly kind: DatasetConfig['kind']; readonly [key: string]: unknown }) =>
  datasetConfigSchema.parse(options);

type Size = readonly [width: number, height: number];

/** A grey PNG file, written by hand. */
export const grey = (bitDepth: 8 | 16, [width, height]: Size, samples: readonly number[]): Uint8Array =>
  pngBytes({ width, height, bitDepth, colorType: 0, channels: 1, samples });

/** An RGB PNG file: interleaved levels, black where there are none. */
export const rgb = ([width, height]: Size, levels: readonly number[] = []): Uint8Array => {
  const data = new Uint8Array(3 * width * height);
  data.set(levels);
  return encodePng({ width, height, channels: 3, data });
};

/** What is wrong, where it is an error of a dataset. */
export async function problemOf(t: ExecutionContext, work: Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(work, { instanceOf: EngineError });
  t.is(error?.code, 'INVALID_DATASET');
  return error?.message ?? '';
}
