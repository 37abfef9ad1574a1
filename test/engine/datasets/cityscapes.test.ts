import { join } from 'node:path';
import test from 'ava';
import type { DatasetLabel } from '../../../src/engine/datasets/dataset.js';
import { openDataset } from '../../../src/engine/datasets/open-dataset.js';
import { configOf, depth, folderWith, grey, labelled, problemOf, rgb, segmentation } from '../../support/datasets.js';
import { pngBytes } from '../../support/png-bytes.js';
import { root } from '../../support/street.js';

const tasks = [segmentation(), depth(), labelled('reconstruction', { kind: 'reconstruction', isReconstruction: true })];
const image = (id: string, split = 'val'): string => `leftImg8bit/${split}/${id}_leftImg8bit.png`;
const classes = (id: string, form = 'trainIds'): string => `gtFine/val/${id}_gtFine_${form}.png`;
const disparity = (id: string): string => `disparity/val/${id}_disparity.png`;
const size = [2, 2] as const;
/** One scene, complete. */
const whole = {
  [image('a/a_0')]: rgb(size),
  [classes('a/a_0')]: grey(8, size, [0, 18, 255, 1]),
  [disparity('a/a_0')]: grey(16, size, [0, 1, 1025, 65_535]),
};

const plain = (label: DatasetLabel | undefined) =>
  label && { data: [...label.data], shape: label.shape, valid: label.valid && [...label.valid] };

test('the demo is a dataset of 16 scenes, with the classes and disparities of their files', async (t) => {
  const dataset = await openDataset(configOf({ kind: 'cityscapes', root: join(root, 'demo/scenes') }), [
    segmentation(),
    depth('depth', { labelScale: [0.001] }),
    labelled('reconstruction', { kind: 'reconstruction', isReconstruction: true }),
  ]);
  t.deepEqual([dataset.name, dataset.kind, dataset.keys.length], ['scenes', 'cityscapes', 16]);
  t.is(dataset.keys[0], 'street/street_000000_000000');
  t.is(dataset.keys[15], 'street/street_000015_000000');
  const { key, labels } = await dataset.read('street/street_000000_000000');
  t.is(key, 'street/street_000000_000000');
  t.deepEqual([...labels.keys()], ['segmentation', 'depth']);
  const [ids, far] = [labels.get('segmentation'), labels.get('depth')];
  // Counted by another program.
  const counts = [0, 1, 2, 5, 9, 10, 11, 13].map((id) => ids?.data.filter((value) => value === id).length);
  t.deepEqual(counts, [2868, 514, 3088, 29, 394, 1110, 129, 60]);
  t.deepEqual([ids?.shape, ids?.valid?.includes(0)], [[64, 128], false]);
  t.deepEqual([far?.shape, far?.valid], [[64, 128], undefined]);
  t.deepEqual([far?.data[40 * 128 + 60], far?.data[63 * 128 + 127]], [Math.fround(6.664), Math.fround(19.448)]);
  t.is(Math.round((far?.data.reduce((sum, value) => sum + value, 0) ?? 0) * 1000), 55_023_188);
});

test('every sample of a disparity file of 16 bits is exact', async (t) => {
  const samples = Array.from({ length: 65_536 }, (_, i) => i);
  const file = pngBytes({
    width: 256,
    height: 256,
    bitDepth: 16,
    colorType: 0,
    channels: 1,
    samples,
    filterOf: (row) => row % 5,
  });
  const folder = await folderWith(t, { [image('a/a_0')]: rgb([256, 256]), [disparity('a/a_0')]: file });
  const dataset = await openDataset(configOf({ kind: 'cityscapes', root: folder }), [depth()]);
  t.deepEqual((await dataset.read('a/a_0')).labels.get('depth')?.data, Float32Array.from(samples));
});

test('train ids count but for 255', async (t) => {
  const dataset = await openDataset(configOf({ kind: 'cityscapes', root: await folderWith(t, whole) }), tasks);
  const { input, labels } = await dataset.read('a/a_0');
  t.deepEqual(input, { form: 'file', data: Buffer.from(whole[image('a/a_0')] as Uint8Array) });
  t.deepEqual(plain(labels.get('segmentation')), { data: [0, 18, 255, 1], shape: [2, 2], valid: [1, 1, 0, 1] });
});

test('where there are label ids only, they become the official train ids', async (t) => {
  const ids = [...Array.from({ length: 34 }, (_, id) => id), 255, 0];
  const folder = await folderWith(t, {
    [image('a/a_0')]: rgb([6, 6]),
    [classes('a/a_0', 'labelIds')]: grey(8, [6, 6], ids),
  });
  const dataset = await openDataset(configOf({ kind: 'cityscapes', root: folder }), [segmentation()]);
  const label = (await dataset.read('a/a_0')).labels.get('segmentation');
  const counted = ids.map((id, i) => [id, label?.data[i], label?.valid?.[i]]).filter(([, , valid]) => valid === 1);
  t.deepEqual(
    counted.map(([id]) => id),
    [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33],
  );
  t.deepEqual(
    counted.map(([, trainId]) => trainId),
    Array.from({ length: 19 }, (_, trainId) => trainId),
  );
});

const target = { labelScale: [0.5], labelOffset: [2], invalid: 65_535 };
for (const [unit, data, valid] of [
  ['paper', [0, 0.001, 1.025, 65.535], undefined],
  ['official', [0, 0, 4, 65_534 / 256], [0, 1, 1, 1]],
  [undefined, [2, 2.5, 514.5, 32_769.5], [1, 1, 1, 0]],
] as const) {
  test(`disparity is in the unit that the option says: ${unit ?? 'none, so that of model.yaml'}`, async (t) => {
    const config = configOf({ kind: 'cityscapes', root: await folderWith(t, whole), disparity: unit });
    const dataset = await openDataset(config, [depth('depth', target)]);
    const label = plain((await dataset.read('a/a_0')).labels.get('depth'));
    t.deepEqual(label, { data: data.map(Math.fround), shape: [2, 2], valid: valid && [...valid] });
  });
}

test('keys are those of a split, in the order of their code units, whatever folders say first', async (t) => {
  const files = ['b/b_1', 'a/a_2', 'a/a_10', 'a-b/x', 'B/b_0'].map((id) => [image(id), rgb(size)]);
  const folder = await folderWith(t, {
    ...Object.fromEntries(files),
    [image('c/c_0', 'train')]: rgb(size),
    'leftImg8bit/val/a/notes.txt': 'none',
    'leftImg8bit/val/.hidden/h_leftImg8bit.png': rgb(size),
  });
  const open = (split: string) => openDataset(configOf({ kind: 'cityscapes', root: folder, split }), tasks);
  t.deepEqual((await open('val')).keys, ['B/b_0', 'a-b/x', 'a/a_10', 'a/a_2', 'b/b_1']);
  t.deepEqual((await open('train')).keys, ['c/c_0']);
});

test('sources say where the labels of a task are, or that it has none, and else its kind does, or its name', async (t) => {
  const sources = { depth: 'none', far: 'disparity' };
  const config = configOf({ kind: 'cityscapes', root: await folderWith(t, whole), sources });
  const others = [
    labelled('far'),
    labelled('other'),
    labelled('stereo_disparity'),
    labelled('depth_edges', { kind: 'edges' }),
  ];
  const dataset = await openDataset(config, [...tasks, ...others]);
  t.deepEqual([...(await dataset.read('a/a_0')).labels.keys()], ['segmentation', 'far', 'stereo_disparity']);
});

for (const [what, sources, message] of [
  [
    'a task that the model lacks',
    { dept: 'disparity' },
    /sources of .*\(segmentation, depth, reconstruction\), got dept/,
  ],
  [
    'labels of another form',
    { depth: 'gtFine' },
    /sources\.depth with labels of the form numbers, got gtFine: class-map/,
  ],
  ['a reconstruction', { reconstruction: 'disparity' }, /always the clean input, got disparity/],
] as const) {
  test(`sources of ${what} are refused`, async (t) => {
    const config = configOf({ kind: 'cityscapes', root: await folderWith(t, whole), sources });
    t.regex(await problemOf(t, openDataset(config, tasks)), message);
  });
}

for (const [what, change, message] of [
  ['missing disparity', { [disparity('a/a_0')]: undefined }, /a file of disparity at .*a_0_disparity\.png, got none/],
  [
    'missing classes',
    { [classes('a/a_0')]: undefined },
    /a file of classes at .*_gtFine_trainIds\.png or .*_gtFine_labelIds\.png, got none/,
  ],
  [
    'another size',
    { [classes('a/a_0')]: grey(8, [2, 1], [0, 0]) },
    /2 × 2 pixels in .*_trainIds\.png, as in .*a_0_leftImg8bit\.png, got 2 × 1/,
  ],
  ['disparity of 8 bits', { [disparity('a/a_0')]: grey(8, size, [0, 0, 0, 0]) }, /16 bits in .*, got 1 of 8 bits/],
  ['classes in colour', { [classes('a/a_0')]: rgb(size) }, /one channel of 8 bits in .*, got 3 of 8 bits/],
  ['a folder', { [disparity('a/a_0')]: undefined, [`${disparity('a/a_0')}/x`]: '' }, /got something that is no file/],
  ['half a file', { [disparity('a/a_0')]: whole[disparity('a/a_0')]?.subarray(0, 50) }, /a_0_disparity\.png: expected/],
  ['no image', { [image('a/a_0')]: 'hello' }, /a_0_leftImg8bit\.png: expected a PNG or JPEG/],
  [
    'an unknown label id',
    { [classes('a/a_0')]: undefined, [classes('a/a_0', 'labelIds')]: grey(8, size, [34, 0, 0, 0]) },
    /label ids 0 … 33 or 255 in .*labelIds\.png, got 34/,
  ],
] as const) {
  test(`an example is refused when it is read, and its file named: ${what}`, async (t) => {
    const files = Object.entries({ ...whole, ...change }).filter(([, data]) => data !== undefined);
    const folder = await folderWith(t, Object.fromEntries(files) as Record<string, Uint8Array | string>);
    const dataset = await openDataset(configOf({ kind: 'cityscapes', root: folder }), tasks);
    t.regex(await problemOf(t, dataset.read('a/a_0')), message);
  });
}

test('a split that is missing, or without images, is refused', async (t) => {
  const folder = await folderWith(t, { 'leftImg8bit/val/a/a_0.png': rgb(size) });
  const open = (split: string) => openDataset(configOf({ kind: 'cityscapes', root: folder, split }), tasks);
  t.regex(await problemOf(t, open('train')), /a folder of images .* at .*leftImg8bit.train, got none/);
  t.regex(await problemOf(t, open('val')), /at least 1 example: .*_leftImg8bit\.png, got none/);
});
