import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Trainable } from '../../../src/engine/index.js';
import { readMetrics } from '../../../src/lab/training/metrics-log.js';
import { CHECKPOINT_FILE, METRICS_FILE, train } from '../../../src/lab/training/train.js';
import { parseTrainingConfig } from '../../../src/lab/training/training-config.js';
import type { TrainingProgress, TrainingWork } from '../../../src/lab/training/training-work.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { type ToyCall, toyDataset, toyTrainable } from '../../support/toy-trainable.js';

const configFor = (change: object = {}) =>
  parseTrainingConfig({
    model: { folder: 'toy' },
    dataset: { kind: 'manifest', root: 'toy' },
    batchSize: 4,
    steps: 10,
    seed: 3,
    augment: { crop: [2, 2], flip: true },
    optimizer: { kind: 'sgd', learningRate: 0.2, momentum: 0.9, weightDecay: 1e-4 },
    schedule: { kind: 'one-cycle', maxLearningRate: 0.3 },
    ...change,
  });

interface Run extends Partial<Omit<TrainingWork, 'config'>> {
  readonly config?: object;
}

const trainToy = (folder: string, { config, ...change }: Run = {}) =>
  train({
    trainable: toyTrainable(),
    config: configFor(config),
    dataset: toyDataset(10),
    validation: undefined,
    modelSha256: 'a',
    folder,
    signal: new AbortController().signal,
    onProgress: () => {},
    now: () => 0,
    ...change,
  });

/** Stops after so many steps, as Ctrl-C does. */
async function cutOff(t: ExecutionContext, folder: string, steps: number, run: Run = {}): Promise<void> {
  const controller = new AbortController();
  const onProgress = (progress: TrainingProgress): void => {
    if (progress.type === 'step' && progress.record.step === steps) controller.abort(new Error('enough'));
  };
  await t.throwsAsync(trainToy(folder, { ...run, signal: controller.signal, onProgress }), { message: 'enough' });
}

const bytesOf = (trainable: Trainable, state: ReadonlyMap<string, Float32Array>): string =>
  Buffer.from(trainable.encode(state)).toString();

const kinds: readonly [name: string, config: object][] = [
  ['SGD', {}],
  ['Adam', { optimizer: { kind: 'adam', learningRate: 0.05 } }],
  ['adversarial training with batch statistics', { adversarial: { attack: 'pgd(steps=2)', batchNorm: 'batch' } }],
  ['wrapped batches', { lastBatch: 'wrap' }],
];

for (const [name, config] of kinds) {
  test(`${name}, cut off and gone on, ends with the same bytes`, async (t) => {
    const [whole, parts] = [await temporaryFolder(t), await temporaryFolder(t)];
    const straight = await trainToy(whole, { config });
    await cutOff(t, parts, 3, { config });
    await cutOff(t, parts, 7, { config });
    const seen: TrainingProgress[] = [];
    const resumed = await trainToy(parts, { config, onProgress: (progress) => seen.push(progress) });
    t.deepEqual(seen[0], { type: 'resumed', step: 7 });
    t.is(bytesOf(toyTrainable(), resumed.state), bytesOf(toyTrainable(), straight.state));
    t.deepEqual(await readMetrics(join(parts, METRICS_FILE)), await readMetrics(join(whole, METRICS_FILE)));
    t.deepEqual(await readFile(join(parts, CHECKPOINT_FILE)), await readFile(join(whole, CHECKPOINT_FILE)));
  });
}

test('what was written behind the last checkpoint is done again, and its records are cut off', async (t) => {
  const [whole, parts] = [await temporaryFolder(t), await temporaryFolder(t)];
  const config = { checkpoint: { every: 4 } };
  await trainToy(whole, { config });
  const killed = t.throwsAsync(
    trainToy(parts, {
      config,
      onProgress: (progress) => {
        if (progress.type === 'step' && progress.record.step === 6) throw new Error('killed');
      },
    }),
    { message: 'killed' },
  );
  await killed;
  const log = join(parts, METRICS_FILE);
  await writeFile(log, `${await readFile(log, 'utf8')}{"type":"st`);
  await trainToy(parts, { config });
  t.is(await readFile(log, 'utf8'), await readFile(join(whole, METRICS_FILE), 'utf8'));
});

test('a training that is finished gives its figures again', async (t) => {
  const folder = await temporaryFolder(t);
  const run: Run = { validation: toyDataset(3), config: { validation: { dataset: { kind: 'manifest', root: 'v' } } } };
  const first = await trainToy(folder, run);
  const calls: ToyCall[] = [];
  t.deepEqual(await trainToy(folder, { ...run, trainable: toyTrainable(calls) }), first);
  t.is(calls.length, 0);
  t.is(first.lastValidation?.step, 10);
});

test('a checkpoint of another training is refused with what differs', async (t) => {
  const folder = await temporaryFolder(t);
  await trainToy(folder);
  const other = { optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9, weightDecay: 1e-4 }, threads: 7 };
  await t.throwsAsync(trainToy(folder, { config: other }), {
    message:
      /^expected the training of .*checkpoint\.bin, with optimizer\.learningRate 0\.2, got 0\.1: take another folder/,
  });
  await t.throwsAsync(trainToy(folder, { dataset: toyDataset(11) }), { message: /dataset "toy-10", got "toy-11"/ });
  await t.notThrowsAsync(trainToy(folder, { config: { threads: 7, memoryMegabytes: 0, checkpoint: { every: 1 } } }));
});

test('a damaged checkpoint is refused', async (t) => {
  const folder = await temporaryFolder(t);
  await trainToy(folder);
  const path = join(folder, CHECKPOINT_FILE);
  const file = await readFile(path);
  file[file.length - 1] = (file[file.length - 1] as number) ^ 1;
  await writeFile(path, file);
  await t.throwsAsync(trainToy(folder), { code: 'INVALID_OPTION', message: /it was damaged/ });
});

test('a training finds the line behind its labels', async (t) => {
  const config = {
    steps: 300,
    batchSize: 10,
    augment: {},
    optimizer: { kind: 'sgd', learningRate: 0.5, momentum: 0.9 },
    schedule: { kind: 'constant' },
    tasks: { main: ['depth'] },
  };
  const { state, last } = await trainToy(await temporaryFolder(t), { config });
  t.true(Math.abs((state.get('w')?.[0] as number) - 1) < 1e-4, `${state.get('w')}`);
  t.true(Math.abs((state.get('b.depth')?.[0] as number) + 0.5) < 1e-4, `${state.get('b.depth')}`);
  t.deepEqual(state.get('b.edges'), Float32Array.of(-0.25), 'a task that is not trained');
  t.true((last?.loss ?? 1) < 1e-8);
});

test('weights of rows are what the task counts, over the examples that have a label of it', async (t) => {
  const calls: ToyCall[] = [];
  const dataset = toyDataset(4, ({ labels, ...rest }) => {
    const isUnlabelled = rest.key === 'example-1';
    return { ...rest, labels: new Map([...labels].filter(([task]) => !(isUnlabelled && task === 'edges'))) };
  });
  const config = { steps: 1, shuffle: false, tasks: { main: ['depth'], auxiliary: ['edges'], lambda: 0.3 } };
  const { last } = await trainToy(await temporaryFolder(t), { config, dataset, trainable: toyTrainable(calls) });
  t.deepEqual([...(calls[0]?.input.weights ?? [])], [0.25, 0.1, 0.25, 0, 0.25, 0.1, 0.25, 0.1].map(Math.fround));
  const { depth = 0, edges = 0 } = last?.losses ?? {};
  t.true(Math.abs((last?.loss ?? 0) - (depth + 0.3 * edges)) < 1e-12);
});

test('running statistics move a tenth towards those of each batch, and not at all where steps use them', async (t) => {
  const calls: ToyCall[] = [];
  const base = { steps: 1, augment: {}, shuffle: false };
  const { state } = await trainToy(await temporaryFolder(t), { config: base, trainable: toyTrainable(calls) });
  const pixels = calls[0]?.input.pixels.data ?? new Float32Array();
  const mean = pixels.reduce((sum, x) => sum + x, 0) / pixels.length;
  t.true(Math.abs((state.get('bn.mean')?.[0] as number) - 0.1 * mean) < 1e-4);
  t.is(calls[0]?.request.batchNorm, 'batch');
  const frozen = await trainToy(await temporaryFolder(t), {
    config: { ...base, batchNorm: { statistics: 'running' } },
  });
  t.deepEqual(frozen.state.get('bn.mean'), Float32Array.of(0));
  t.notDeepEqual(frozen.state.get('w'), Float32Array.of(0.5));
});

test('a loss that is not finite ends the training, and nothing has moved', async (t) => {
  const folder = await temporaryFolder(t);
  const dataset = toyDataset(4, (example) => ({
    ...example,
    labels: new Map([...example.labels].map(([task, label]) => [task, { ...label, data: label.data.map(() => 1e30) }])),
  }));
  await t.throwsAsync(trainToy(folder, { dataset }), {
    code: 'GRADIENT_UNAVAILABLE',
    message: /at step 1, got a loss of Infinity .*try a learning rate below 0\.012/,
  });
});

test('a validation takes images whole and running statistics, at the end of epochs and at the end', async (t) => {
  const calls: ToyCall[] = [];
  const folder = await temporaryFolder(t);
  await trainToy(folder, {
    config: { steps: 5, validation: { dataset: { kind: 'manifest', root: 'v' } } },
    validation: toyDataset(5),
    trainable: toyTrainable(calls),
  });
  const looks = (await readMetrics(join(folder, METRICS_FILE))).filter(({ type }) => type === 'validation');
  t.deepEqual(
    looks.map(({ step }) => step),
    [2, 4, 5],
  );
  const looking = calls.filter(({ request }) => request.batchNorm === 'running');
  t.true(looking.every(({ input }) => input.pixels.shape.slice(1).join() === '1,3,4'));
  const [first] = looks;
  t.true(first?.type === 'validation' && first.examples === 5);
  // Four examples of a step have 16 pixels after the crop: of those here, with 12, one goes into a call.
  t.true(looking.every(({ request }) => request.batchSize === 1));
});

test('a batch that the dataset cannot fill is told', async (t) => {
  await t.throwsAsync(trainToy(await temporaryFolder(t), { dataset: toyDataset(3) }), {
    code: 'INVALID_CONFIG',
    message: /^batchSize: expected at most the 3 examples of the dataset, or lastBatch: wrap, got 4$/,
  });
});

test('a graph that is fixed to another number of examples is told', async (t) => {
  const toy = toyTrainable();
  const trainable = { ...toy, info: { ...toy.info, fixedBatch: 1 } };
  await t.throwsAsync(trainToy(await temporaryFolder(t), { trainable }), {
    message: 'batchSize: expected 1, which the graph of the model is fixed to, got 4',
  });
});
