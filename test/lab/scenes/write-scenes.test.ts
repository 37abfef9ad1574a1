import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { DatasetLabel, LabelledTask } from '../../../src/engine/datasets/dataset.js';
import { guessDatasetConfig } from '../../../src/engine/datasets/guess-dataset-config.js';
import { openDataset } from '../../../src/engine/datasets/open-dataset.js';
import { EngineError } from '../../../src/engine/errors.js';
import { decodeImage } from '../../../src/engine/images/decode-image.js';
import { roomScene } from '../../../src/lab/scenes/indoor/room-scene.js';
import type { SceneRequest } from '../../../src/lab/scenes/scene-kinds.js';
import { streetScene } from '../../../src/lab/scenes/street/street-scene.js';
import { type WritingProgress, writeScenes } from '../../../src/lab/scenes/write-scenes.js';
import { depth, labelled, segmentation } from '../../support/datasets.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const street: SceneRequest = { kind: 'street', seed: 5, split: 'val', height: 16, width: 32, world: 'busy' };
const room: SceneRequest = { kind: 'indoor', seed: 5, split: 'val', height: 16, width: 16, world: 'plain' };
const signal = new AbortController().signal;

/** Writes scenes, and returns all progress. */
async function write(root: string, request: SceneRequest, count: number): Promise<readonly WritingProgress[]> {
  const progress: WritingProgress[] = [];
  for await (const one of writeScenes(request, { root, count, threads: 2, signal })) progress.push(one);
  return progress;
}

/** Paths of all files below a folder, in order. */
const filesIn = async (root: string): Promise<readonly string[]> =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
    .toSorted();

async function read(root: string, tasks: readonly LabelledTask[]) {
  const dataset = await openDataset(await guessDatasetConfig(root), tasks);
  const example = await dataset.read(dataset.keys[1] as string);
  if (example.input.form !== 'file') throw new Error('expected a file');
  const pixels = (await decodeImage(example.input.data, { maxBytes: 1e6, maxPixels: 1e6 })).data;
  return { keys: dataset.keys, pixels, label: (name: string) => example.labels.get(name) as DatasetLabel };
}

test('streets are read as Cityscapes, with the labels that were computed', async (t) => {
  const root = await temporaryFolder(t);
  await write(root, street, 3);
  const { keys, pixels, label } = await read(root, [segmentation(), depth('depth', { labelScale: [0.001] })]);
  t.deepEqual(keys, [
    'ahornsee/ahornsee_000000_000000',
    'ahornsee/ahornsee_000002_000000',
    'tannenberg/tannenberg_000001_000000',
  ]);
  const scene = streetScene(5, 'street/val/2', street);
  t.deepEqual(pixels, scene.pixels);
  t.deepEqual([...label('segmentation').data], [...scene.classes]);
  t.deepEqual(
    [...(label('segmentation').valid ?? [])],
    Array.from(scene.classes, (id) => Number(id !== 255)),
  );
  t.true(label('segmentation').valid?.includes(0));
  for (const [i, value] of label('depth').data.entries()) {
    t.true(Math.abs(value - (scene.disparity[i] as number) / 1000) < 1e-5);
  }
});

const DOMAINS = [
  'depth-zbuffer',
  'depth-euclidean',
  'edge-texture',
  'edge-occlusion',
  'keypoints2d',
  'keypoints3d',
  'normal',
  'principal-curvature',
  'reshading',
  'autoencoder',
];

test('rooms are read as Taskonomy, with all eleven labels', async (t) => {
  const root = await temporaryFolder(t);
  await write(root, room, 2);
  const { keys, pixels, label } = await read(root, [
    segmentation('segmentsemantic'),
    ...DOMAINS.map((name) => labelled(name)),
  ]);
  t.deepEqual(keys, ['point_1200_view_0', 'point_1201_view_0']);
  const { labels, pixels: drawn } = roomScene(5, 'indoor/val/1', room);
  t.deepEqual(pixels, drawn);
  t.deepEqual(
    [...label('segmentsemantic').data],
    Array.from(labels.segmentsemantic, (id) => Math.max(id, 1) - 1),
  );
  const near = (name: string, expected: (position: number) => number): void => {
    for (const [i, value] of label(name).data.entries()) {
      t.true(Math.abs(value - expected(i)) < 1e-5, `${name} at ${i}: ${value}, expected ${expected(i)}`);
    }
  };
  const of = (domain: keyof typeof labels, i: number): number => labels[domain][i] as number;
  const planar = (data: ArrayLike<number>, i: number): number => data[3 * (i % 256) + Math.floor(i / 256)] as number;
  near('depth-zbuffer', (i) => Math.log(1 + of('depth_zbuffer', i)) / Math.log(65_536));
  near('depth-euclidean', (i) => Math.log(1 + of('depth_euclidean', i)) / Math.log(65_536));
  near('edge-texture', (i) => Math.min(of('edge_texture', i) / 65_535 / 0.08, 1) * 2 - 1);
  near('keypoints2d', (i) => Math.min(of('keypoints2d', i) / 65_535 / 0.005, 1) * 2 - 1);
  near('keypoints3d', (i) => (of('keypoints3d', i) / 65_535) * 2 - 1);
  near('normal', (i) => planar(labels.normal, i) / 127.5 - 1);
  near('reshading', (i) => of('reshading', i) / 127.5 - 1);
  near('autoencoder', (i) => planar(drawn, i) / 127.5 - 1);
  near('principal-curvature', (i) =>
    i < 256
      ? (planar(labels.principal_curvature, i) - 123.572) / 31.922
      : (planar(labels.principal_curvature, i) - 120.1) / 21.658,
  );
  t.true(label('edge-occlusion').data.every((value) => value >= -1 && value <= 1.01));
  t.true(label('edge-occlusion').data.some((value) => value > -0.9));
  t.deepEqual(
    [...(label('normal').valid ?? [])].slice(0, 256),
    Array.from(labels.segmentsemantic, (id) => Number(id > 0)),
  );
});

test('a second run writes what is missing, keeps what is there, and both give the same bytes', async (t) => {
  const [root, whole] = [await temporaryFolder(t), await temporaryFolder(t)];
  await write(root, street, 2);
  const first = join(root, 'leftImg8bit/val/ahornsee/ahornsee_000000_000000_leftImg8bit.png');
  const { mtimeMs } = await stat(first);
  // As a run that was killed between the files of a scene leaves it: labels, and no image.
  await rm(join(root, 'leftImg8bit/val/tannenberg/tannenberg_000001_000000_leftImg8bit.png'));
  t.deepEqual(await write(root, street, 3), [
    { done: 1, total: 3, kept: 1 },
    { done: 3, total: 3, kept: 1 },
  ]);
  t.is((await stat(first)).mtimeMs, mtimeMs);
  await write(whole, street, 3);
  const files = await filesIn(root);
  t.is(files.length, 10);
  t.deepEqual(await filesIn(whole), files);
  for (const file of files) t.deepEqual(await readFile(join(root, file)), await readFile(join(whole, file)), file);
});

test('an interrupt leaves whole scenes only, and the next run goes on', async (t) => {
  const root = await temporaryFolder(t);
  const controller = new AbortController();
  const run = async (): Promise<void> => {
    for await (const { done } of writeScenes(street, { root, count: 400, threads: 2, signal: controller.signal })) {
      if (done > 0) controller.abort();
    }
  };
  await t.throwsAsync(run(), { any: true, name: 'AbortError' });
  const { keys } = await read(root, [segmentation(), depth()]);
  t.true(keys.length >= 8 && keys.length < 400, `${keys.length}`);
  const dataset = await openDataset(await guessDatasetConfig(root), [segmentation(), depth()]);
  for (const key of keys) await t.notThrowsAsync(dataset.read(key));
  t.deepEqual((await readdir(root)).toSorted(), ['disparity', 'gtFine', 'leftImg8bit', 'scenes-val.json']);
  t.is((await write(root, street, keys.length + 1))[0]?.kept, keys.length);
});

test('the splits are in one folder, and have nothing in common', async (t) => {
  const root = await temporaryFolder(t);
  await write(root, room, 1);
  await write(root, { ...room, split: 'train' }, 1);
  t.deepEqual(await readdir(join(root, 'rgb')), ['point_0_view_0_domain_rgb.png', 'point_1200_view_0_domain_rgb.png']);
  const [train, val] = await Promise.all(
    (await readdir(join(root, 'rgb'))).map((name) => readFile(join(root, 'rgb', name))),
  );
  t.notDeepEqual(train, val);
  t.deepEqual((await openDataset(await guessDatasetConfig(root), [segmentation()])).keys, ['point_1200_view_0']);
});

const refused = test.macro(async (t, change: Partial<SceneRequest> & { readonly count?: number }, message: RegExp) => {
  const { count = 1, ...other } = change;
  const root = await temporaryFolder(t);
  const error = await t.throwsAsync(write(root, { ...street, ...other }, count), { instanceOf: EngineError });
  t.is(error?.code, 'INVALID_OPTION');
  t.regex(error?.message ?? '', message);
  t.deepEqual(await readdir(root), []);
});
test('a height of 15 is refused', refused, { height: 15 }, /street scenes sides of 16 … 2048 pixels, got 15x32/);
test('half a pixel is refused', refused, { width: 32.5 }, /got 16x32\.5/);
test('a width of 2049 is refused', refused, { width: 2049 }, /got 16x2049/);
test(
  'a room that is not square is refused',
  refused,
  { kind: 'indoor' },
  /indoor scenes sides that are equal and of 16 … 256 pixels, got 16x32/,
);
test('a room of 512 is refused', refused, { kind: 'indoor', height: 512, width: 512 }, /got 512x512/);
test('a seed below 0 is refused', refused, { seed: -1 }, /a seed of 0 … 2³² − 1, got -1/);
test('a seed of 2³² is refused', refused, { seed: 2 ** 32 }, /got 4294967296/);
test('no scene at all is refused', refused, { count: 0 }, /a count ≥ 1, got 0/);

test('a folder with scenes of another seed, or with images of others, is refused', async (t) => {
  const root = await temporaryFolder(t);
  await write(root, street, 1);
  const error = await t.throwsAsync(write(root, { ...street, seed: 6 }, 1), { instanceOf: EngineError });
  t.regex(error?.message ?? '', /expected in .* scenes of \{.*"seed": 6.*\}, got \{.*"seed": 5.*\}/);
  await rm(join(root, 'scenes-val.json'));
  const other = await t.throwsAsync(write(root, street, 1), { instanceOf: EngineError });
  t.regex(other?.message ?? '', /expected .*scenes-val\.json.*, got images in .*leftImg8bit/);
  await writeFile(join(root, 'scenes-val.json'), '{}');
  await t.throwsAsync(write(root, street, 1), { instanceOf: EngineError, message: /got \{\}/ });
});
