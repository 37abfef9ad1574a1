import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { DatasetLabel } from '../../../src/engine/datasets/dataset.js';
import { openDataset } from '../../../src/engine/datasets/open-dataset.js';
import { encodeNpy } from '../../../src/engine/tensor/npy.js';
import { configOf, depth, folderWith, grey, labelled, problemOf, rgb, segmentation } from '../../support/datasets.js';

const size = [2, 2] as const;
const tasks = [
  labelled('scene', { kind: 'classification', labelForm: 'class' }),
  { ...segmentation(), labelScale: [2] },
  labelled('normals', { labelScale: [1, 2, 3], labelOffset: [0, -1, -2] }),
  depth('depth', { labelScale: [0.5], labelOffset: [1], invalid: 0 }),
  labelled('tags', { kind: 'multi-label', labelForm: 'multi-label' }),
  labelled('reconstruction', { isReconstruction: true }),
];
const files = {
  'a.png': rgb(size),
  'labels/map.png': grey(8, size, [0, 1, 255, 3]),
  'labels/far.png': grey(16, size, [0, 2, 513, 65_535]),
  'labels/colour.png': rgb([2, 1], [1, 2, 3, 4, 5, 6]),
  'labels/far.npy': encodeNpy({ data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] }),
  'labels/map.npy': encodeNpy({ data: BigInt64Array.of(3n, 2n, 1n, 0n), shape: [2, 2] }),
  'x.npy': encodeNpy({ data: Float64Array.of(0.5, 1, 2), shape: [3] }),
  'x8.npy': encodeNpy({ data: Uint8Array.of(7, 8, 9), shape: [3, 1, 1] }),
};
const manifestOf = (...lines: readonly unknown[]): string =>
  lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');

async function open(t: Parameters<typeof folderWith>[0], manifest: string, options: object = {}) {
  const root = await folderWith(t, { ...files, 'manifest.jsonl': manifest });
  return await openDataset(configOf({ kind: 'manifest', root, ...options }), tasks);
}

type Row = readonly [what: string, task: string, label: unknown, expected: DatasetLabel];
const labels: readonly Row[] = [
  ['a class', 'scene', 3, { data: Float32Array.of(3), shape: [] }],
  ['a map of classes', 'segmentation', 'labels/map.png', { data: Float32Array.of(0, 1, 255, 3), shape: [2, 2] }],
  ['an array of classes', 'segmentation', 'labels/map.npy', { data: Float32Array.of(3, 2, 1, 0), shape: [2, 2] }],
  [
    'a map of numbers, scaled as model.yaml says',
    'depth',
    'labels/far.png',
    { data: Float32Array.of(1, 2, 257.5, 32_768.5), shape: [2, 2], valid: Uint8Array.of(0, 1, 1, 1) },
  ],
  [
    'a map of numbers with a scale for each channel',
    'normals',
    'labels/colour.png',
    { data: Float32Array.of(1, 4, 3, 9, 7, 16), shape: [3, 1, 2] },
  ],
  ['an array of numbers, as it is', 'depth', 'labels/far.npy', { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] }],
  ['a number', 'depth', -2.5, { data: Float32Array.of(-2.5), shape: [] }],
  ['a list of numbers', 'depth', [1, 2.5], { data: Float32Array.of(1, 2.5), shape: [2] }],
  ['a number for each class', 'tags', [0, 1, 0.5], { data: Float32Array.of(0, 1, 0.5), shape: [3] }],
];
for (const [what, task, label, expected] of labels) {
  test(`a label is ${what}`, async (t) => {
    const dataset = await open(t, manifestOf({ image: 'a.png', labels: { [task]: label } }));
    const example = await dataset.read('a.png');
    t.deepEqual([...example.labels], [[task, expected]]);
  });
}

test('an input is an image file, levels, or features', async (t) => {
  const dataset = await open(t, manifestOf({ image: 'a.png' }, { image: 'x.npy' }, { image: 'x8.npy' }));
  const inputs = await Promise.all(dataset.keys.map(async (key) => (await dataset.read(key)).input));
  t.deepEqual(inputs, [
    { form: 'file', data: Buffer.from(files['a.png']) },
    { form: 'tensor', data: Float32Array.of(0.5, 1, 2), shape: [3] },
    { form: 'tensor', data: Uint8Array.of(7, 8, 9), shape: [3, 1, 1] },
  ]);
});

test('a manifest is a file or its folder, with empty lines, a byte order mark and Windows line ends', async (t) => {
  const text = `\uFEFF${JSON.stringify({ key: 'b', image: 'a.png' })}\r\n\r\n${JSON.stringify({ image: 'a.png' })}\r\n`;
  const root = await folderWith(t, { ...files, 'manifest.jsonl': text, 'other.jsonl': text });
  for (const path of [root, join(root, 'other.jsonl')]) {
    const dataset = await openDataset(configOf({ kind: 'manifest', root: path }), tasks);
    t.deepEqual(dataset.keys, ['a.png', 'b']);
    t.is((await dataset.read('b')).input.form, 'file');
  }
});

const good = { image: 'a.png' };
for (const [what, line, message] of [
  ['no JSON', '{"image": ', /a JSON object/],
  ['no object', '3', /expected object/],
  ['no image', { key: 'x' }, /image: .*expected string/],
  ['an unknown key', { image: 'a.png', lables: {} }, /lables/],
  ['an empty key', { image: 'a.png', key: '' }, /key/],
  ['an image of another format', { image: 'a.tif' }, /\.png, \.jpg, \.jpeg or \.npy, got a\.tif/],
  ['a path that leaves the folder', { image: '../a.png' }, /in the folder of the manifest, got \.\.\/a\.png/],
  ['a path that leaves it later', { image: 'b/../../a.png' }, /in the folder of the manifest/],
  ['an absolute path', { image: '/etc/a.png' }, /relative to the manifest, got \/etc/],
  ['an absolute path of Windows', { image: 'C:\\a.png' }, /relative to the manifest/],
  ['a path of Windows', { image: 'b\\a.png' }, /\/ between the names/],
  ['a label that leaves the folder', { ...good, labels: { depth: '../far.png' } }, /labels: depth: .*folder/],
  ['a key twice', { image: 'b.png', key: 'a.png' }, /a key of its own, got a\.png again/],
  ['a task that the model lacks', { ...good, labels: { deep: 1 } }, /\(scene, segmentation, .*got deep/],
  ['a label of a reconstruction', { ...good, labels: { reconstruction: 1 } }, /always the clean input, got 1/],
  ['a fraction for a class', { ...good, labels: { scene: 1.5 } }, /whole number from 0 on, got 1\.5/],
  ['a class below 0', { ...good, labels: { scene: -1 } }, /got -1/],
  ['a class for a map', { ...good, labels: { segmentation: 1 } }, /\.png or \.npy file of classes, got 1/],
  ['a list for a class', { ...good, labels: { scene: [1] } }, /a class, .* got a list/],
  ['a picture for a class', { ...good, labels: { scene: 'labels/map.png' } }, /numbers or a \.npy file, got labels/],
  ['a label of another format', { ...good, labels: { depth: 'far.exr' } }, /\.png or \.npy file, got far\.exr/],
] as const) {
  test(`a bad line is named by its number: ${what}`, async (t) => {
    const problem = await problemOf(t, open(t, manifestOf(good, '', line)));
    t.regex(problem, /line 3 of .*manifest\.jsonl: /);
    t.regex(problem, message);
  });
}

test('labels of tasks that the model lacks may be passed over', async (t) => {
  const dataset = await open(t, manifestOf({ ...good, labels: { deep: 1, scene: 2 } }), { otherTasks: 'skip' });
  t.deepEqual([...(await dataset.read('a.png')).labels.keys()], ['scene']);
});

test('files are looked for when an example is read, and named', async (t) => {
  const lines = [{ image: 'none.png' }, { image: 'a.png', labels: { depth: 'labels/none.npy' } }, { image: 'x.npy' }];
  const root = await folderWith(t, {
    'a.png': files['a.png'],
    'x.npy': 'hello',
    'manifest.jsonl': manifestOf(...lines),
  });
  const dataset = await openDataset(configOf({ kind: 'manifest', root }), tasks);
  t.regex(await problemOf(t, dataset.read('none.png')), /a file at .*none\.png, got none/);
  t.regex(await problemOf(t, dataset.read('a.png')), /a file at .*labels.none\.npy, got none/);
  t.regex(await problemOf(t, dataset.read('x.npy')), /x\.npy: expected a \.npy file/);
});

test('links may not lead out of the folder of the manifest, unless an option says so', async (t) => {
  const both = await folderWith(t, {
    'set-2/a.png': files['a.png'],
    'set/in.png': files['a.png'],
    'set/manifest.jsonl': manifestOf({ image: 'link.png' }, { image: 'folder/a.png' }, { image: 'near.png' }),
  });
  // A name that begins like the folder's own is another folder.
  const [root, outside] = [join(both, 'set'), join(both, 'set-2')];
  await symlink(join(outside, 'a.png'), join(root, 'link.png'));
  await symlink(outside, join(root, 'folder'));
  await symlink(join(root, 'in.png'), join(root, 'near.png'));
  const dataset = await openDataset(configOf({ kind: 'manifest', root }), tasks);
  for (const key of ['link.png', 'folder/a.png']) {
    t.regex(await problemOf(t, dataset.read(key)), /in the folder of the manifest at .*, got a link to .*followLinks/);
  }
  t.is((await dataset.read('near.png')).input.form, 'file');
  const free = await openDataset(configOf({ kind: 'manifest', root, followLinks: true }), tasks);
  for (const key of free.keys) t.is((await free.read(key)).input.form, 'file');
});

test('a manifest that is missing or empty is refused', async (t) => {
  t.regex(await problemOf(t, open(t, '\n\n')), /at least 1 example: lines of .*manifest\.jsonl, got none/);
  const root = await folderWith(t, files);
  const missing = openDataset(configOf({ kind: 'manifest', root }), tasks);
  t.regex(await problemOf(t, missing), /a manifest at .*manifest\.jsonl, got none/);
});
