import test from 'ava';
import { EngineError } from '../../../src/engine/errors.js';
import { eagerOps, erf } from '../../../src/engine/tensor/eager-ops.js';
import { expectClose, float64 } from '../../support/tensors.js';

const a = float64([2, 3], [1, 2, 3, 4, 5, 6]);

test('elementwise operations broadcast', (t) => {
  t.deepEqual(eagerOps.sub(a, float64([3], [1, 2, 3])), float64([2, 3], [0, 0, 0, 3, 3, 3]));
  t.deepEqual(eagerOps.sub(float64([2, 1], [1, 0]), a), float64([2, 3], [0, -1, -2, -4, -5, -6]));
  t.deepEqual(eagerOps.div(a, eagerOps.constant(2)), float64([2, 3], [0.5, 1, 1.5, 2, 2.5, 3]));
  t.deepEqual(eagerOps.maximum(a, eagerOps.constant(3)), float64([2, 3], [3, 3, 3, 4, 5, 6]));
  t.deepEqual(eagerOps.greater(a, eagerOps.constant(3)), float64([2, 3], [0, 0, 0, 1, 1, 1]));
});

test('sum drops the axes that it sums over', (t) => {
  const cube = float64([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
  t.deepEqual(eagerOps.sum(a, [1]), float64([2], [6, 15]));
  t.deepEqual(eagerOps.sum(a, [0]), float64([3], [5, 7, 9]));
  t.deepEqual(eagerOps.sum(a, [0, 1]), float64([], [21]));
  t.deepEqual(eagerOps.sum(a, []), a);
  t.deepEqual(eagerOps.sum(cube, [1]), float64([2, 2], [4, 6, 12, 14]));
  t.deepEqual(eagerOps.sum(cube, [0, 2]), float64([2], [14, 22]));
});

test('logSoftmax normalises along its axis, for logits of any size', (t) => {
  const logits = float64([2, 2], [0, 0, Math.log(3), 0]);
  const logs = (...probabilities: number[]) => float64([2, 2], probabilities.map(Math.log));
  expectClose(t, eagerOps.logSoftmax(logits, 0), logs(1 / 4, 1 / 2, 3 / 4, 1 / 2), 1e-15);
  expectClose(t, eagerOps.logSoftmax(logits, 1), logs(1 / 2, 1 / 2, 3 / 4, 1 / 4), 1e-15);
  t.deepEqual(eagerOps.logSoftmax(float64([2], [1e6, 0]), 0), float64([2], [0, -1e6]));
});

test('pickClass takes the element that each label names', (t) => {
  t.deepEqual(eagerOps.pickClass(a, float64([2], [2, 0]), 1), float64([2], [3, 4]));
  t.deepEqual(eagerOps.pickClass(a, float64([3], [1, 0, 1]), 0), float64([3], [4, 2, 6]));
});

test('maxOtherClass leaves out the element that each label names', (t) => {
  t.deepEqual(eagerOps.maxOtherClass(a, float64([2], [2, 0]), 1), float64([2], [2, 6]));
  t.deepEqual(eagerOps.maxOtherClass(a, float64([3], [1, 0, 1]), 0), float64([3], [1, 5, 3]));
});

test('predictedClass is the first of several that are largest', (t) => {
  t.deepEqual(eagerOps.predictedClass(float64([2, 3], [1, 3, 3, 2, 0, 1]), 1), float64([2], [1, 0]));
});

test('topClasses come largest first', (t) => {
  const tops = eagerOps.topClasses(float64([1, 4], [3, 1, 4, 2]), 3, 1);
  t.deepEqual(tops, [float64([1], [4]), float64([1], [3]), float64([1], [2])]);
});

test('erf agrees with tables, on both of its branches', (t) => {
  const table = [
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [-2, -0.9953222650189527],
    [2.9, 0.9999589021219005],
    [3.1, 0.9999883513426328],
    [-6, -1],
  ] as const;
  for (const [x, y] of table) t.true(Math.abs(erf(x) - y) < 1e-15, `erf(${x}) = ${erf(x)}`);
});

test('pickClass refuses a label that is not a class', (t) => {
  const error = t.throws(() => eagerOps.pickClass(a, float64([2], [0, 255]), 1), { instanceOf: EngineError });
  t.is(error.message, 'expected labels of 0 … 2, got 255');
});
