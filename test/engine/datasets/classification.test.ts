import test from 'ava';
import sharp from 'sharp';
import { openDataset } from '../../../src/engine/datasets/open-dataset.js';
import { configOf, depth, folderWith, labelled, problemOf, rgb } from '../../support/datasets.js';

const image = rgb([2, 2]);
const scene = (classes: readonly string[] = [], name = 'scene') =>
  labelled(name, { kind: 'classification', labelForm: 'class', classes });
const files = {
  'cat/b.png': image,
  'cat/a.PNG': image,
  'ant/more/c.png': image,
  'ant/notes.txt': 'none',
  'dog/d.png': image,
};

const open = (root: string, tasks = [scene(), depth()], options: object = {}) =>
  openDataset(configOf({ kind: 'classification', root, ...options }), tasks);

const classesBy = async (t: Parameters<typeof folderWith>[0], names: readonly string[]) => {
  const dataset = await open(await folderWith(t, files), [scene(names)]);
  const labels = dataset.keys.map(async (key) => [key, ...((await dataset.read(key)).labels.get('scene')?.data ?? [])]);
  return await Promise.all(labels);
};

test('classes are the folders in order, and keys the paths of their images', async (t) => {
  t.deepEqual(await classesBy(t, []), [
    ['ant/more/c.png', 0],
    ['cat/a.PNG', 1],
    ['cat/b.png', 1],
    ['dog/d.png', 2],
  ]);
});

test('classes are those of model.yaml where it names all folders', async (t) => {
  t.deepEqual(await classesBy(t, ['dog', 'bee', 'cat', 'ant']), [
    ['ant/more/c.png', 3],
    ['cat/a.PNG', 2],
    ['cat/b.png', 2],
    ['dog/d.png', 0],
  ]);
});

test('classes are the folders in order where model.yaml names none of them, but as many', async (t) => {
  t.deepEqual((await classesBy(t, ['x', 'y', 'z'])).at(-1), ['dog/d.png', 2]);
});

test('a label is one class, and an input the file as it is', async (t) => {
  const dataset = await open(await folderWith(t, files));
  const { input, labels } = await dataset.read('dog/d.png');
  t.deepEqual(input, { form: 'file', data: Buffer.from(image) });
  t.deepEqual([...labels], [['scene', { data: Float32Array.of(2), shape: [] }]]);
});

test('JPEG files are read too', async (t) => {
  const jpeg = await sharp(Buffer.alloc(12), { raw: { width: 2, height: 2, channels: 3 } })
    .jpeg()
    .toBuffer();
  const dataset = await open(await folderWith(t, { 'cat/a.JPG': jpeg, 'cat/b.jpeg': jpeg }));
  t.deepEqual(dataset.keys, ['cat/a.JPG', 'cat/b.jpeg']);
  t.deepEqual((await dataset.read('cat/a.JPG')).input, { form: 'file', data: jpeg });
});

for (const [what, tasks, options, message] of [
  ['a folder that is no class', [scene(['ant', 'cat'])], {}, /names of classes of scene, got also dog/],
  [
    'more folders than classes',
    [scene(['x', 'y'])],
    {},
    /classes of scene \(x, y\), or one folder for each, got 3: ant/,
  ],
  ['no classification', [depth()], {}, /one classification in the model, .* got none/],
  ['several classifications', [scene(), scene([], 'weather')], {}, /got scene, weather/],
  ['a task that is none', [scene(), depth()], { task: 'depth' }, /a classification in `task`, got depth/],
] as const) {
  test(`refused when it is opened: ${what}`, async (t) => {
    t.regex(await problemOf(t, open(await folderWith(t, files), [...tasks], options)), message);
  });
}

test('one of several classifications is labelled when it is named', async (t) => {
  const dataset = await open(await folderWith(t, files), [scene(), scene([], 'weather')], { task: 'weather' });
  t.deepEqual([...(await dataset.read('dog/d.png')).labels.keys()], ['weather']);
});

test('a folder that is missing or empty is refused', async (t) => {
  const folder = await folderWith(t, { 'cat/notes.txt': 'none' });
  t.regex(await problemOf(t, open(folder)), /at least 1 example: .*<class>\/<file>/);
  t.regex(await problemOf(t, open(`${folder}/none`)), /folders of classes at .*, got none/);
});

test('an image that is damaged is named when it is read', async (t) => {
  const dataset = await open(await folderWith(t, { 'cat/a.png': image.subarray(0, 40), 'dog/b.png': image }));
  t.regex(await problemOf(t, dataset.read('cat/a.png')), /cat.a\.png: expected/);
  t.regex(await problemOf(t, dataset.read('cat/none.png')), /a key of the dataset .*, got cat\/none\.png/);
});
