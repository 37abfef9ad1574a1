import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parseTrainingConfig, parseTrainingConfigText } from '../../../src/lab/training/training-config.js';
import { root } from '../../support/street.js';

const least = {
  model: { architecture: 'street', tasks: ['depth'] },
  dataset: { kind: 'cityscapes', root: 'd' },
  batchSize: 2,
  epochs: 1,
};

test('what is left out is filled in', (t) => {
  const config = parseTrainingConfig(least);
  t.like(config, {
    model: { decoders: 'separate', seed: 0 },
    optimizer: { kind: 'sgd', learningRate: 0.01, momentum: 0.9, weightDecay: 0 },
    schedule: { kind: 'constant' },
    batchNorm: { statistics: 'batch', momentum: 0.1 },
    lastBatch: 'drop',
    shuffle: true,
    augment: { flip: false },
    adversarial: undefined,
  });
  t.like(parseTrainingConfig({ ...least, adversarial: {} }), {
    adversarial: { attack: 'pgd(steps=5,eps=8,step=2)', batchNorm: 'running', cleanShare: 0 },
  });
});

const wrong: readonly [title: string, change: object, message: RegExp][] = [
  [
    'an unknown key names the nearest',
    { batchsize: 3 },
    /batchsize: expected a known key, got batchsize; did you mean batchSize\?/,
  ],
  [
    'an unknown key inside',
    { optimizer: { kind: 'sgd', learningrate: 1 } },
    /optimizer\.learningrate: .*did you mean learningRate\?/,
  ],
  ['both epochs and steps', { steps: 3 }, /epochs: expected either epochs or steps, got both/],
  ['neither epochs nor steps', { epochs: undefined }, /epochs: expected either epochs or steps, got none/],
  [
    'a task twice',
    { tasks: { main: ['depth'], auxiliary: ['depth'] } },
    /tasks: expected each task once, got depth again/,
  ],
  [
    'auxiliary tasks alone',
    { tasks: { auxiliary: ['depth'] } },
    /tasks\.main: expected a main task beside auxiliary ones/,
  ],
  ['a momentum of 1', { optimizer: { kind: 'sgd', momentum: 1 } }, /optimizer\.momentum/],
  [
    'momenta the wrong way round',
    { schedule: { kind: 'one-cycle', momentum: [0.9, 0.8] } },
    /schedule\.momentum: expected the smaller one first/,
  ],
];

for (const [title, change, message] of wrong) {
  test(`${title} is told`, (t) => {
    t.throws(() => parseTrainingConfig({ ...least, ...change }), { code: 'INVALID_CONFIG', message });
  });
}

test('paths are meant from the folder of the file', (t) => {
  const text = `
model: { folder: models/street }
dataset: { kind: cityscapes, root: scenes }
validation: { dataset: { kind: cityscapes, root: /held-out } }
batchSize: 2
steps: 1`;
  const { model, dataset, validation } = parseTrainingConfigText(text, '/lab');
  t.is('folder' in model ? model.folder : '', '/lab/models/street');
  t.is(dataset.root, '/lab/scenes');
  t.is(validation?.dataset.root, '/held-out');
});

for (const file of ['street.yaml', 'street-adversarial.yaml']) {
  test(`the example ${file} is a configuration, with data in this project`, async (t) => {
    const folder = join(root, 'examples/lab');
    const { dataset, validation } = parseTrainingConfigText(await readFile(join(folder, file), 'utf8'), folder);
    t.is(dataset.root, join(root, 'lab-demo/scenes'));
    t.is(validation?.dataset.root, join(root, 'demo/scenes'));
  });
}
