import test from 'ava';
import { findMetric } from '../../../../src/engine/metrics/measures/index.js';
import type { MetricInput } from '../../../../src/engine/metrics/metric.js';

const input = (output: number[], outputShape: number[], labels: number[], valid?: number[]): MetricInput => ({
  output: Float32Array.from(output),
  outputShape,
  classAxis: 0,
  labels: Float32Array.from(labels),
  valid: Uint8Array.from(valid ?? labels.map(() => 1)),
  threshold: 0,
});

/** Two classes at four positions, predicted 0 1 1 0. */
const map = (labels: number[], valid?: number[]): MetricInput =>
  input([5, 1, 1, 5, 2, 3, 4, -1], [2, 4], labels, valid);
const metricOf = (name: string, ...inputs: readonly MetricInput[]): number | undefined => {
  const metric = findMetric(name);
  return metric.value(inputs.map((each) => metric.measure(each)));
};

test('accuracy is the share of positions whose class is predicted', (t) => {
  t.is(metricOf('accuracy', map([0, 1, 0, 1])), 0.5);
  t.is(metricOf('accuracy', map([0, 1, 255, 255], [1, 1, 0, 0])), 1);
  t.is(metricOf('accuracy', input([1, 3, 2], [3], [1])), 1);
});

test('accuracy of a multi-label task compares each class with the threshold', (t) => {
  t.is(metricOf('accuracy', input([0.2, -3, 4, 0.1], [4], [1, 0, 0, 0])), 0.5);
  t.is(metricOf('accuracy', { ...input([0.2, 0.9, 0.6, 0.1], [4], [1, 1, 1, 0]), threshold: 0.5 }), 0.75);
});

test('mIoU comes from one confusion matrix, without classes that never occur (by hand)', (t) => {
  // Labels 0 0 1 1, predicted 0 1 1 0: IoU is 1/3 for both classes.
  t.is(metricOf('miou', map([0, 0, 1, 1])), 1 / 3);
  // Two maps: n = [[3, 1], [1, 3]], so IoU is 3/5 for both; the mean of each map's own would be 2/3.
  t.is(metricOf('miou', map([0, 0, 1, 1]), map([0, 1, 1, 0])), 3 / 5);
  const three = input([9, 9, 0, 0, 0, 0], [3, 2], [0, 0]);
  t.is(metricOf('miou', three), 1);
  t.deepEqual(findMetric('miou').measure(map([0, 1, 0, 255], [1, 1, 1, 0])).confusion, [1, 1, 0, 1]);
});

test('errors average over the elements that count (by hand)', (t) => {
  const numbers = [input([1, 5, NaN], [3], [3, 4, 0], [1, 1, 0]), input([0], [1], [6])];
  t.is(metricOf('absolute-error', ...numbers), 3);
  t.is(metricOf('mse', ...numbers), 41 / 3);
});

test('no metric has a value where nothing counts', (t) => {
  for (const name of ['accuracy', 'miou', 'absolute-error', 'mse'])
    t.is(metricOf(name, map([0, 0, 0, 0], [0, 0, 0, 0])), undefined);
});

test('of several classes that are largest the first is predicted', (t) => {
  t.is(metricOf('accuracy', input([2, 2, 2], [3], [0])), 1);
});
