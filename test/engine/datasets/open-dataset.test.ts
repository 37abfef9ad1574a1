import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { datasetConfigSchema } from '../../../src/engine/datasets/dataset-config.js';
import { guessDatasetConfig } from '../../../src/engine/datasets/guess-dataset-config.js';
import { openDataset } from '../../../src/engine/datasets/open-dataset.js';
import { decodeImage } from '../../../src/engine/images/decode-image.js';
import { parseStrict } from '../../../src/engine/models/parse-strict.js';
import { configOf, depth, folderWith, labelled, problemOf, rgb, segmentation } from '../../support/datasets.js';
import { root as project } from '../../support/street.js';

const image = rgb([2, 2]);
const line = JSON.stringify({ image: 'a.png' });

for (const [what, files, path, expected] of [
  ['Cityscapes', { 'leftImg8bit/val/a/a_leftImg8bit.png': image }, '', { kind: 'cityscapes', split: 'val' }],
  [
    'the only split of Cityscapes',
    { 'leftImg8bit/test/a_leftImg8bit.png': image },
    '',
    { kind: 'cityscapes', split: 'test' },
  ],
  [
    'val, where Cityscapes has several',
    { 'leftImg8bit/train/a_leftImg8bit.png': image, 'leftImg8bit/val/a_leftImg8bit.png': image },
    '',
    { kind: 'cityscapes', split: 'val' },
  ],
  ['Taskonomy', { 'rgb/a.png': image, 'normal/a.png': image }, '', { kind: 'taskonomy', split: 'val' }],
  ['folders of classes', { 'cat/a.jpg': image, 'empty/x.txt': '' }, '', { kind: 'classification' }],
  [
    'a folder with a manifest',
    { 'manifest.jsonl': line, 'rgb/a.png': image },
    '',
    { kind: 'manifest', followLinks: false },
  ],
  ['a manifest', { 'list.jsonl': line }, 'list.jsonl', { kind: 'manifest', otherTasks: 'refuse' }],
] as const) {
  test(`a path is recognised by what is there: ${what}`, async (t) => {
    const folder = await folderWith(t, files as Record<string, string>);
    const root = join(folder, path);
    t.like(await guessDatasetConfig(root), { ...expected, root });
  });
}

test('the scenes of the demo are recognised', async (t) => {
  t.is((await guessDatasetConfig(join(project, 'demo/scenes'))).kind, 'cityscapes');
});

test('a path that is no dataset is told with what is there, and what would be one', async (t) => {
  const folder = await folderWith(t, { 'a.txt': '', 'b/c.txt': '' });
  const expected = /a \.jsonl file, or a folder with manifest\.jsonl .*leftImg8bit .*rgb .*each class, got /;
  for (const [path, got] of [
    [folder, /got b\/, a\.txt$/],
    [join(folder, 'a.txt'), /got another file$/],
    [join(folder, 'none'), /got none$/],
  ] as const) {
    const problem = await problemOf(t, guessDatasetConfig(path));
    t.regex(problem, expected);
    t.regex(problem, got);
  }
});

for (const [what, value, message] of [
  ['an unknown kind', { kind: 'coco', root: '.' }, /kind/],
  ['no root', { kind: 'taskonomy' }, /root/],
  ['an option of another kind', { kind: 'taskonomy', root: '.', disparity: 'paper' }, /got disparity/],
  ['a misspelt option', { kind: 'cityscapes', root: '.', splitt: 'val' }, /did you mean split\?/],
  ['a unit that nobody knows', { kind: 'cityscapes', root: '.', disparity: 'metres' }, /disparity/],
  ['a domain that nobody knows', { kind: 'taskonomy', root: '.', domains: { depth: 'depth' } }, /domains\.depth/],
] as const) {
  test(`a configuration is refused: ${what}`, (t) => {
    const error = t.throws(() => parseStrict(datasetConfigSchema, value, 'INVALID_CONFIG', 'datasets.x'));
    t.regex(error?.message ?? '', message);
  });
}

test('a digest speaks of options and keys, not of the place, the model or the bytes', async (t) => {
  const files = { 'leftImg8bit/val/a/a_leftImg8bit.png': image, 'leftImg8bit/val/a/b_leftImg8bit.png': image };
  const [first, second, more] = [
    await folderWith(t, files),
    await folderWith(t, { ...files, 'leftImg8bit/val/a/b_leftImg8bit.png': rgb([3, 3]) }),
    await folderWith(t, { ...files, 'leftImg8bit/val/a/c_leftImg8bit.png': image }),
  ];
  const digestOf = async (root: string, options: object = {}, tasks = [depth()]) =>
    (await openDataset(configOf({ kind: 'cityscapes', root, ...options }), tasks)).digest;
  const digest = await digestOf(first);
  t.regex(digest, /^[0-9a-f]{64}$/);
  t.is(await digestOf(second, {}, [segmentation(), depth()]), digest);
  t.not(await digestOf(more), digest);
  t.not(await digestOf(first, { disparity: 'official' }), digest);
  t.not(await digestOf(first, { sources: { depth: 'none' } }), digest);
});

test('a digest of a manifest speaks of its labels and files, not of the order of its lines', async (t) => {
  const scene = labelled('scene', { labelForm: 'class' });
  const digestOf = async (...lines: readonly object[]) => {
    const root = await folderWith(t, { 'manifest.jsonl': lines.map((each) => JSON.stringify(each)).join('\n') });
    return (await openDataset(configOf({ kind: 'manifest', root }), [scene])).digest;
  };
  const [a, b] = [{ key: 'a', image: 'a.png', labels: { scene: 1 } }, { image: 'b.png' }];
  const digest = await digestOf(a, b);
  t.is(await digestOf(b, { labels: { scene: 1 }, image: 'a.png', key: 'a' }), digest);
  t.not(await digestOf({ ...a, labels: { scene: 2 } }, b), digest);
  t.not(await digestOf({ ...a, image: 'c.png' }, b), digest);
});

test('a dataset has the last name of its root unless it is given one', async (t) => {
  const root = join(await folderWith(t, { 'cats/cat/a.png': image }), 'cats');
  const tasks = [labelled('scene', { labelForm: 'class' })];
  t.is((await openDataset(configOf({ kind: 'classification', root: `${root}/` }), tasks)).name, 'cats');
  t.is((await openDataset(configOf({ kind: 'classification', root }), tasks, { name: 'pets' })).name, 'pets');
});

test('files above a limit are refused, and files are decoded as the caller says', async (t) => {
  const root = await folderWith(t, { 'cat/a.png': image });
  const tasks = [labelled('scene', { labelForm: 'class' })];
  const open = (options: object) => openDataset(configOf({ kind: 'classification', root }), tasks, options);
  const small = { maxBytes: 10, maxPixels: 100 };
  t.regex(
    await problemOf(t, (await open({ limits: small })).read('cat/a.png')),
    /an image at .*a\.png of at most 10 bytes, got \d+/,
  );
  const flat = { maxBytes: 1000, maxPixels: 3 };
  t.regex(
    await problemOf(t, (await open({ limits: flat })).read('cat/a.png')),
    /a\.png: expected an image of 1 … 3 pixels/,
  );
  let decoded = 0;
  const decode = (file: Uint8Array) => {
    decoded += 1;
    return decodeImage(file, { maxBytes: 1000, maxPixels: 100 });
  };
  await (await open({ decode })).read('cat/a.png');
  t.is(decoded, 1);
});

test('keys that no request may have are refused', async (t) => {
  const root = await folderWith(t, { [`cat/${'é'.repeat(125)}.png`]: image });
  const opening = openDataset(configOf({ kind: 'classification', root }), [labelled('scene', { labelForm: 'class' })]);
  t.regex(await problemOf(t, opening), /keys of 1 … 256 bytes in .*, got 258/);
});

test('links are followed, those that lead in a circle refused, and those that lead nowhere named when read', async (t) => {
  const outside = await folderWith(t, { 'a.png': image });
  const root = await folderWith(t, { 'dog/b.png': image });
  await symlink(outside, join(root, 'cat'));
  await symlink(join(outside, 'none.png'), join(root, 'dog/gone.png'));
  const open = () =>
    openDataset(configOf({ kind: 'classification', root }), [labelled('scene', { labelForm: 'class' })]);
  const dataset = await open();
  t.deepEqual(dataset.keys, ['cat/a.png', 'dog/b.png', 'dog/gone.png']);
  t.regex(await problemOf(t, dataset.read('dog/gone.png')), /an image at .*gone\.png, got none/);
  await symlink(join(root, 'dog'), join(root, 'dog/again'));
  t.regex(await problemOf(t, open()), /folders that end below .*, got a link back to/);
});
