import test from 'ava';
import { findLoss } from '../../../src/engine/losses/index.js';
import type { LossInputs } from '../../../src/engine/losses/loss.js';
import { eagerOps, erf } from '../../../src/engine/tensor/eager-ops.js';
import type { Float64Tensor } from '../../../src/engine/tensor/float64-tensor.js';
import { expectClose, float64 } from '../../support/tensors.js';

const { log, exp } = Math;

const lossOf = (
  name: string,
  inputs: Pick<LossInputs<Float64Tensor>, 'output' | 'labels' | 'valid'> & Partial<LossInputs<Float64Tensor>>,
) => findLoss(name).of(eagerOps, { classAxis: 1, activation: 'none', classWeights: undefined, ...inputs });

/** Examples with two classes and two positions each: logits class by class, labels and mask by position. */
const maps = (logits: number[], labels: number[], valid: number[]) => ({
  output: float64([labels.length / 2, 2, 2], logits),
  labels: float64([labels.length / 2, 2], labels),
  valid: float64([labels.length / 2, 2], valid),
});

// Logits (0, log 3) have the softmax (1/4, 3/4): class 1 costs log(4/3), class 0 costs log 4.
const even = [0, 0, log(3), log(3)];
const one = (...losses: number[]) => float64([losses.length], losses);

test('cross-entropy is the mean negative log-likelihood of each example (by hand)', (t) => {
  const losses = lossOf('cross-entropy', maps([...even, ...even], [1, 0, 1, 1], [1, 1, 1, 1]));
  expectClose(t, losses, one((log(4 / 3) + log(4)) / 2, log(4 / 3)), 1e-15);
});

test('cross-entropy leaves out what is not valid, whatever its label and its logits are', (t) => {
  const losses = lossOf('cross-entropy', maps([0, NaN, log(3), Infinity], [1, 255], [1, 0]));
  expectClose(t, losses, one(log(4 / 3)), 1e-15);
});

test('cross-entropy is 0 for an example without a valid label, and does not touch the others', (t) => {
  const losses = lossOf('cross-entropy', maps([...even, ...even], [255, 255, 0, 0], [0, 0, 1, 1]));
  expectClose(t, losses, one(0, log(4)), 1e-15);
});

test('cross-entropy is exact for logits of 1e4, whose exponentials overflow', (t) => {
  t.deepEqual(lossOf('cross-entropy', maps([1e4, 1e4, 0, 0], [1, 0], [1, 1])), one(5000));
});

test('cross-entropy weighs classes as PyTorch does: Σ ω L / Σ ω', (t) => {
  const losses = lossOf('cross-entropy', { ...maps(even, [1, 0], [1, 1]), classWeights: [3, 0.5] });
  expectClose(t, losses, one((0.5 * log(4 / 3) + 3 * log(4)) / 3.5), 1e-15);
});

test('cross-entropy takes probabilities where the softmax is applied already, and stays finite at 0', (t) => {
  const inputs = { ...maps([0.25, 1, 0.75, 0], [1, 1], [1, 1]), activation: 'softmax' } as const;
  expectClose(t, lossOf('cross-entropy', inputs), one((log(4 / 3) + 30 * log(10)) / 2), 1e-12);
});

test('bce is that of logits and of probabilities alike (by hand)', (t) => {
  const [p, q] = [1 / (1 + exp(-2)), 1 / (1 + exp(1))];
  const expected = one((-log(p) - log(1 - q)) / 2);
  const labels = { labels: float64([1, 2], [1, 0]), valid: float64([1, 2], [1, 1]) };
  expectClose(t, lossOf('bce', { output: float64([1, 2], [2, -1]), ...labels }), expected, 1e-15);
  expectClose(t, lossOf('bce', { output: float64([1, 2], [p, q]), activation: 'sigmoid', ...labels }), expected, 1e-12);
});

test('bce is exact for logits of ±1e4', (t) => {
  const inputs = {
    output: float64([1, 2], [1e4, -1e4]),
    labels: float64([1, 2], [0, 0]),
    valid: float64([1, 2], [1, 1]),
  };
  t.deepEqual(lossOf('bce', inputs), one(5000));
});

const numbers = {
  output: float64([2, 1, 2], [1, 5, NaN, 3]),
  labels: float64([2, 1, 2], [3, 4, 7, 1]),
  valid: float64([2, 1, 2], [1, 1, 0, 1]),
};

test('l1 and mse average over the valid elements of each example (by hand)', (t) => {
  t.deepEqual(lossOf('l1', numbers), one(1.5, 2));
  t.deepEqual(lossOf('mse', numbers), one(2.5, 4));
});

const scores = (z: number[], y: number) => ({
  output: float64([1, z.length], z),
  labels: float64([1], [y]),
  valid: float64([1], [1]),
});

test('margin is how far the best wrong class wins (by hand)', (t) => {
  t.deepEqual(lossOf('margin', scores([1, 4, 2.5], 1)), one(-1.5));
  t.deepEqual(lossOf('margin', scores([1, 4, 2.5], 0)), one(3));
});

test('dlr divides the margin by the distance of the first and the third logit (by hand)', (t) => {
  expectClose(t, lossOf('dlr', scores([1, 4, 2, 0], 1)), one(-2 / 3), 1e-11);
  expectClose(t, lossOf('dlr', scores([1, 4, 2, 0], 3)), one(4 / 3), 1e-11);
  expectClose(t, lossOf('dlr', scores([1e4 + 1, 4e4 + 1, 2e4 + 1, 1], 1)), one(-2 / 3), 1e-11);
});

test('houdini is 1 − Φ of the distance to the largest log-probability, in both forms (by hand)', (t) => {
  const wrong = (1 - erf(-log(3) / Math.SQRT2)) / 2; // log-probabilities differ as logits do
  for (const name of ['houdini', 'houdini-one-sided']) {
    expectClose(t, lossOf(name, maps(even, [1, 0], [1, 1])), one((0.5 + wrong) / 2), 1e-15);
  }
});
