import test from 'ava';
import { float32Of } from '../../../src/engine/onnx/tensor-value.js';
import { normalWeights, uniformWeights } from '../../../src/lab/networks/initial-weights.js';
import type { Statistics } from '../../../src/lab/networks/network-builder.js';
import { networkOf } from '../../../src/lab/networks/network-of.js';

const moment = (values: Float32Array, power: number): number =>
  values.reduce((sum, value) => sum + value ** power, 0) / values.length;

const weightOf = (
  architecture: string,
  task: string,
  name: string,
  statistics: Statistics = 'initial',
): Float32Array => {
  const spec = { architecture, tasks: [task], decoders: 'separate', seed: 1 } as const;
  const tensor = networkOf(spec, statistics).model.graph.initializers.get(name);
  return tensor === undefined ? new Float32Array() : float32Of(tensor);
};

test('normal draws have the moments of a normal distribution, and all of an odd number are drawn', (t) => {
  const values = normalWeights(0.5)('w', 1, 100_001);
  t.is(values.length, 100_001);
  t.true(Math.abs(moment(values, 1)) < 0.01);
  t.true(Math.abs(moment(values, 2) / 0.25 - 1) < 0.02);
  t.true(Math.abs(moment(values, 3)) < 0.01);
  t.true(Math.abs(moment(values, 4) / 0.0625 - 3) < 0.1);
  t.not(values.at(-1), 0);
  t.true(
    Math.abs(
      moment(
        values.map((value, i) => value * (values[i ^ 1] ?? 0)),
        1,
      ),
    ) < 0.005,
    'pairs are independent',
  );
});

test('uniform draws fill their range', (t) => {
  const values = uniformWeights(0.5)('w', 1, 100_000);
  t.true(values.every((value) => value >= -0.5 && value < 0.5));
  t.true(Math.abs(moment(values, 2) * 12 - 1) < 0.02);
});

const deviates = test.macro<[architecture: string, task: string, name: string, variance: number]>({
  title: (name) => `${name} start with the variance of the literature`,
  exec(t, architecture, task, name, variance) {
    const measured = moment(weightOf(architecture, task, name), 2);
    t.true(Math.abs(measured / variance - 1) < 0.1, `got ${measured}, expected ${variance}`);
  },
});
test('convolutions of DRN', deviates, 'drn-d-22-small', 'depth', 'depth.layer7.0.weight', 2 / (9 * 64));
test('heads of DRN', deviates, 'drn-d-22-small', 'segmentation', 'segmentation.head.weight', 1 / (3 * 64));
test(
  'convolutions of ResNet',
  deviates,
  'resnet18-taskonomy-small',
  'normal',
  'encoder.layer4.0.conv2.weight',
  2 / (9 * 48),
);
test(
  'transposed convolutions',
  deviates,
  'resnet18-taskonomy-small',
  'normal',
  'task_to_decoder.normal.upconv1.weight',
  1 / (3 * 4 * 20),
);
test(
  'convolutions of the network of the demo',
  deviates,
  'street',
  'depth',
  'backbone.3.conv2.weight',
  1 / (3 * 9 * 64),
);

test('batch norms start as the identity, or divide by what is expected of an untrained network', (t) => {
  const statistics = (name: string, kind: Statistics): number[] => [
    ...new Set(weightOf('drn-d-22-small', 'depth', `layer1.1.${name}`, kind)),
  ];
  const names = ['weight', 'bias', 'running_mean', 'running_var'];
  t.deepEqual(
    names.map((name) => statistics(name, 'initial')),
    [[1], [0], [0], [1]],
  );
  // A kernel of 9 positions and 16 rectified channels, of mean square 1/2, with weights of variance 2/(9 · 16).
  t.deepEqual(
    names.map((name) => statistics(name, 'expected')),
    [[1], [0], [0], [1]],
  );
  t.deepEqual(
    [...new Set(weightOf('drn-d-22-small', 'depth', 'layer0.1.running_var', 'expected'))],
    [Math.fround((3 * 2) / 16)],
  );
});
