import { join } from 'node:path';
import test from 'ava';
import type { DatasetExample, DatasetLabel } from '../../../src/engine/datasets/dataset.js';
import { openDataset } from '../../../src/engine/datasets/open-dataset.js';
import { EngineError } from '../../../src/engine/errors.js';
import { jobInputOf } from '../../../src/engine/evaluation/job-input.js';
import { encodePng } from '../../../src/engine/images/encode-png.js';
import type { InputInfo, ModelInfo } from '../../../src/engine/models/model-info.js';
import { configOf, problemOf } from '../../support/datasets.js';
import { modelInfo, numberInfo, taskInfo } from '../../support/model-info.js';
import { pngBytes } from '../../support/png-bytes.js';
import { root, scenesUpTo } from '../../support/street.js';

const mapInfo = taskInfo('segmentation', {
  kind: 'semantic-segmentation',
  labelForm: 'class-map',
  shape: [3, 2, 2],
  ignoreIndex: 255,
});
const depthInfo = numberInfo('depth', { shape: [1, 2, 2], ignoreIndex: 255 });
const copyInfo = numberInfo('copy', { shape: [3, 2, 2], isReconstruction: true });
const tagsInfo = taskInfo('tags', { labelForm: 'multi-label', shape: [2], classCount: 0 });
const imageInput: InputInfo = {
  name: 'x',
  kind: 'image',
  shape: [3, 2, 2],
  layout: 'NCHW',
  colorOrder: 'RGB',
  range: [0, 255],
};
const model = modelInfo([taskInfo('scene'), mapInfo, depthInfo, tagsInfo, copyInfo], { input: imageInput });
const file = (width = 2, height = 2): Uint8Array =>
  encodePng({ width, height, channels: 3, data: Uint8Array.from({ length: 3 * width * height }, (_, i) => i) });
const exampleOf = (input: DatasetExample['input'], labels: Readonly<Record<string, DatasetLabel>> = {}) => ({
  key: 'a',
  input,
  labels: new Map(Object.entries(labels)),
});
const image = { form: 'file', data: file() } as const;
const label = (shape: readonly number[], ...data: readonly number[]): DatasetLabel => ({
  data: Float32Array.from(data),
  shape,
});

test('scenes of the demo arrive as a model takes them', async (t) => {
  const at = { scale: [0.001] };
  const tasks = [
    taskInfo('segmentation', { ...mapInfo, shape: [19, 64, 128], classCount: 19 }),
    numberInfo('depth', { kind: 'depth', shape: [1, 64, 128], labelScale: at.scale }),
    numberInfo('reconstruction', { isReconstruction: true, shape: [3, 64, 128] }),
  ];
  const street = modelInfo(tasks, { input: { ...imageInput, shape: [3, 64, 128] } });
  const dataset = await openDataset(configOf({ kind: 'cityscapes', root: join(root, 'demo/scenes') }), tasks);
  for (const [i, expected] of scenesUpTo(2).entries()) {
    const input = await jobInputOf(await dataset.read(dataset.keys[i] ?? ''), street);
    t.deepEqual(input, { ...expected, key: `street/${expected.key}` });
  }
});

for (const [what, input, form, pixels, shape] of [
  ['a file', image, {}, [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11], [3, 2, 2]],
  [
    'a file for NHWC BGR',
    image,
    { layout: 'NHWC', colorOrder: 'BGR', shape: [-1, -1, 3] },
    [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9],
    [2, 2, 3],
  ],
  [
    'levels',
    { form: 'tensor', data: new Uint8Array(12).fill(7), shape: [3, 2, 2] },
    {},
    new Array(12).fill(7),
    [3, 2, 2],
  ],
  [
    'features',
    { form: 'tensor', data: Float32Array.of(0.5, -1), shape: [2] },
    { kind: 'features', shape: [2], range: [-1, 1] },
    [0.5, -1],
    [2],
  ],
] as const) {
  test(`an input is taken in the layout of the model: ${what}`, async (t) => {
    const job = await jobInputOf(exampleOf(input), { ...model, input: { ...imageInput, ...form } });
    t.deepEqual(job, {
      key: 'a',
      pixels: Float32Array.from(pixels),
      shape: [...shape],
      extraInputs: new Map(),
      labels: new Map(),
    });
  });
}

test('the caller may unpack files elsewhere', async (t) => {
  const unpack = async () => ({ pixels: new Float32Array(12).fill(9), shape: [3, 2, 2] });
  t.is((await jobInputOf(exampleOf(image), model, unpack)).pixels[0], 9);
});

test('labels count but for ignored classes, and where their mask says', async (t) => {
  const { labels } = await jobInputOf(
    exampleOf(image, {
      scene: label([], 2),
      segmentation: { ...label([2, 2], 0, 255, 9, 2), valid: Uint8Array.of(1, 1, 0, 1) },
      depth: { ...label([2, 2], 255, 1, Number.NaN, 2), valid: Uint8Array.of(1, 1, 0, 1) },
      tags: label([2], 0, 1),
      unheard: label([], 0),
      copy: label([3, 2, 2], ...new Array(12).fill(0)),
    }),
    model,
  );
  t.deepEqual(
    [...labels].map(([name, { data, valid, shape }]) => [name, [...data], [...valid], shape]),
    [
      ['scene', [2], [1], []],
      ['segmentation', [0, 255, 9, 2], [1, 0, 0, 1], [2, 2]],
      ['depth', [255, 1, Number.NaN, 2], [1, 1, 0, 1], [2, 2]],
      ['tags', [0, 1], [1, 1], [2]],
    ],
  );
});

test('where the size of an output depends on the input, labels of any size pass, but not any class', async (t) => {
  const anySize = {
    ...model,
    tasks: [
      { ...mapInfo, shape: [-1, -1, 3], classAxis: 2 },
      { ...depthInfo, shape: [1, -1, -1] },
    ],
  };
  const labels = { segmentation: label([2, 3], 0, 1, 2, 0, 1, 2), depth: label([1, 3], 0, 1, 2) };
  t.is((await jobInputOf(exampleOf(image, labels), anySize)).labels.size, 2);
  const wrong = exampleOf(image, { segmentation: label([1, 3], 0, 1, 3) });
  t.regex(await problemOf(t, jobInputOf(wrong, anySize)), /classes 0 … 2, got 3/);
});

const sixteen = pngBytes({ width: 2, height: 2, bitDepth: 16, colorType: 0, channels: 1, samples: [1, 2, 3, 4] });
const levels = (first: number) => ({
  form: 'tensor' as const,
  data: Float32Array.from({ length: 12 }, (_, i) => (i === 0 ? first : 0)),
  shape: [3, 2, 2],
});
const changed = (change: Partial<ModelInfo>): ModelInfo => ({ ...model, ...change });
for (const [what, example, to, message] of [
  [
    'an image of another size',
    exampleOf({ form: 'file', data: file(3, 2) }),
    model,
    /\[3, 2, 2\], got \[3, 2, 3\]: noth/,
  ],
  ['an image of 16 bits', exampleOf({ form: 'file', data: sixteen }), model, /8 bits, got 16/],
  ['half an image', exampleOf({ form: 'file', data: file().subarray(0, 40) }), model, /expected/],
  [
    'an image for features',
    exampleOf(image),
    changed({ input: { ...imageInput, kind: 'features', shape: [2] } }),
    /a tensor of features, got an image/,
  ],
  ['a level above 255', exampleOf(levels(256)), model, /\[0, 255\], got 256/],
  ['a level that is no number', exampleOf(levels(Number.NaN)), model, /got NaN/],
  ['too few levels', exampleOf({ ...levels(0), data: new Float32Array(11) }), model, /12 elements, got 11/],
  [
    'a model with inputs of its own',
    exampleOf(image),
    changed({ extraInputs: [{ name: 'k', shape: [1] }] }),
    /one that needs k per request/,
  ],
  ['a class that there is not', exampleOf(image, { scene: label([], 3) }), model, /labels\.scene: .* 0 … 2, got 3/],
  ['a map of another size', exampleOf(image, { depth: label([1, 2], 0, 0) }), model, /shape \[1,2,2\], got \[1,2\]/],
  ['more than 1 for a class', exampleOf(image, { tags: label([2], 0, 1.5) }), model, /0 … 1 for each class, got 1\.5/],
  ['numbers that are none', exampleOf(image, { depth: label([2, 2], 0, 0, 0, Infinity) }), model, /got Infinity/],
] as const) {
  test(`an example that does not fit is named by its key: ${what}`, async (t) => {
    const problem = await problemOf(t, jobInputOf(example, to));
    t.regex(problem, /^a: /);
    t.regex(problem, message);
  });
}

test('other errors of whoever unpacks pass as they are', async (t) => {
  const closed = new EngineError('DRAINING', 'closed');
  const error = await t.throwsAsync(jobInputOf(exampleOf(image), model, () => Promise.reject(closed)));
  t.is(error, closed);
});
