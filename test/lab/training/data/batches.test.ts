import test from 'ava';
import type { TaskInfo } from '../../../../src/engine/models/model-info.js';
import { batchOf } from '../../../../src/lab/training/data/batch.js';
import { exampleStore } from '../../../../src/lab/training/data/example-store.js';
import { epochOf, exampleOrder, type OrderSettings } from '../../../../src/lab/training/data/order.js';
import { trainingBatches } from '../../../../src/lab/training/data/training-batches.js';
import { numberInfo, taskInfo } from '../../../support/model-info.js';
import { toyDataset, toyTrainable } from '../../../support/toy-trainable.js';

const order = (change: Partial<OrderSettings>): OrderSettings => ({
  size: 7,
  batchSize: 3,
  lastBatch: 'drop',
  shuffle: true,
  seed: 1,
  ...change,
});

const indexesOf = (settings: OrderSettings, steps: number) => {
  const take = exampleOrder(settings);
  return Array.from({ length: steps }, (_, step) => take(step).map(({ index }) => index));
};

test('an epoch takes each example at most once, in an order of its own', (t) => {
  const steps = indexesOf(order({}), 4);
  const epochs = [steps.slice(0, 2).flat(), steps.slice(2).flat()];
  for (const epoch of epochs) t.is(new Set(epoch).size, 6);
  t.notDeepEqual(epochs[0], epochs[1]);
  t.notDeepEqual(steps, indexesOf(order({ seed: 2 }), 4));
});

test('the examples of a step do not depend on the steps before', (t) => {
  const [, , third] = indexesOf(order({}), 3);
  t.deepEqual(
    exampleOrder(order({}))(2).map(({ index }) => index),
    third,
  );
});

test('wrapped, every example comes once in each epoch, and a batch may span two', (t) => {
  const settings = order({ lastBatch: 'wrap', shuffle: false });
  t.deepEqual(indexesOf(settings, 3), [
    [0, 1, 2],
    [3, 4, 5],
    [6, 0, 1],
  ]);
  t.deepEqual(
    exampleOrder(settings)(2).map(({ epoch }) => epoch),
    [0, 1, 1],
  );
  t.deepEqual(
    [0, 1, 2, 3, 7].map((step) => epochOf(step, settings)),
    [0, 0, 0, 1, 3],
  );
});

const pixels = Float32Array.from({ length: 6 }, (_, i) => i);
const numbers = (values: readonly number[], shape: readonly number[], valid?: readonly number[]) => ({
  data: Float32Array.from(values),
  shape,
  valid: valid && Uint8Array.from(valid),
});
const window = { top: 0, left: 1, height: 2, width: 2, isFlipped: true };

const batchWith = (task: TaskInfo, label: ReturnType<typeof numbers>) => {
  const model = { ...toyTrainable(), tasks: [task] };
  const example = { key: 'e', pixels, shape: [1, 2, 3], labels: new Map([[task.name, label]]) };
  return batchOf([{ key: 'e', example, window }], model);
};

test('pixels, labels and masks are cut and mirrored together', (t) => {
  const map = taskInfo('segmentation', { labelForm: 'class-map', shape: [3, -1, -1] });
  const { pixels: cut, labels, valid } = batchWith(map, numbers([0, 1, 2, 2, 1, 0], [2, 3], [1, 0, 1, 1, 1, 1]));
  t.deepEqual([...cut.data], [2, 1, 5, 4]);
  t.deepEqual(cut.shape, [1, 1, 2, 2]);
  t.deepEqual([...(labels.get('segmentation') ?? [])], [2, 1, 0, 1]);
  t.deepEqual([...(valid.get('segmentation') ?? [])], [1, 0, 1, 1]);
});

test('in a mirror normals point to the other side', (t) => {
  const normals = numberInfo('normal', { kind: 'normals', shape: [3, -1, -1] });
  const planes = [1, 2, 3, 4, 5, 6].map((x) => x / 10);
  const { labels } = batchWith(normals, numbers([...planes, ...planes, ...planes], [3, 2, 3]));
  const plane = [0.3, 0.2, 0.6, 0.5].map(Math.fround);
  t.deepEqual([...(labels.get('normal') ?? [])], [...plane.map((x) => -x), ...plane, ...plane]);
});

test('boxes and maps of another size than the image are neither cut nor mirrored', (t) => {
  const boxes = numberInfo('boxes', { kind: 'box-regression', shape: [1, -1, -1] });
  t.throws(() => batchWith(boxes, numbers([0, 0, 0, 0, 0, 0], [2, 3])), {
    message: /^e: expected labels that can be mirrored/,
  });
  const small = numberInfo('depth', { shape: [1, -1, -1] });
  t.throws(() => batchWith(small, numbers([0, 0], [1, 2])), {
    message: /of the size of its image, 2 × 3, got \[1,2\]/,
  });
});

test('an example without a label has one that counts nowhere, and a reconstruction that of the cut input', (t) => {
  const { info, normalise } = toyTrainable();
  const depth = numberInfo('depth', { shape: [1, 2, 3] });
  const own = numberInfo('reconstruction', { isReconstruction: true });
  const example = (key: string, values?: readonly number[]) => ({
    key,
    example: { key, pixels, shape: [1, 2, 3], labels: new Map(values && [['depth', numbers(values, [2, 3])]]) },
    window: undefined,
  });
  const { labels, valid, isLabelled } = batchOf([example('a'), example('b', [9, 8, 7, 6, 5, 4])], {
    info,
    normalise,
    tasks: [depth, own],
  });
  t.deepEqual([...(labels.get('depth') ?? [])], [0, 0, 0, 0, 0, 0, 9, 8, 7, 6, 5, 4]);
  t.deepEqual([...(valid.get('depth') ?? [])], [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  t.deepEqual(isLabelled.get('depth'), [false, true]);
  t.deepEqual([...(labels.get('reconstruction') ?? [])], [...pixels, ...pixels]);
});

test('crops and flips depend on seed, example and epoch alone', async (t) => {
  const model = { ...toyTrainable(), tasks: toyTrainable().info.tasks };
  const dataset = toyDataset(6);
  const augment = { crop: [2, 3] as [number, number], flip: true };
  const read = (seed: number, budget: number) =>
    trainingBatches(exampleStore(dataset, model.info, budget), model, order({ size: 6, seed, batchSize: 2 }), augment);
  const first = await read(1, 1e6)(4);
  t.deepEqual(await read(1, 0)(4), first);
  t.notDeepEqual((await read(2, 1e6)(4)).pixels, first.pixels);
  t.deepEqual(first.pixels.shape, [2, 1, 2, 3]);
  // Labels follow: depth = x / 255 − 0.5.
  const depth = first.labels.get('depth') ?? new Float32Array();
  t.true(depth.every((y, i) => Math.abs(y - ((first.pixels.data[i] as number) / 255 - 0.5)) < 1e-6));
});

test('an image that is smaller than the crop is told', async (t) => {
  const model = { ...toyTrainable(), tasks: toyTrainable().info.tasks };
  const read = trainingBatches(exampleStore(toyDataset(3), model.info, 0), model, order({ size: 3 }), {
    crop: [4, 4],
    flip: false,
  });
  await t.throwsAsync(read(0), { message: /expected an image of at least 4 × 4 to cut from, got 3 × 4/ });
});

test('decoded examples are kept as far as the budget goes', async (t) => {
  let reads = 0;
  const dataset = toyDataset(2, (example) => {
    reads++;
    return example;
  });
  // An example takes 12 bytes of pixels and 2 × 12 × 4 of labels.
  const store = exampleStore(dataset, toyTrainable().info, 108);
  const [first] = [await store.read(0), await store.read(1)];
  t.is(await store.read(0), first);
  await store.read(1);
  t.is(reads, 3);
  t.true(first.pixels instanceof Uint8Array);
});
