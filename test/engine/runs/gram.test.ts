import test from 'ava';
import { cosineMatrix, gramFactor, gramMatrix, meanMatrix, theorem1Factor } from '../../../src/engine/runs/gram.js';

/** G of M tasks over examples, each a list of M gradients. */
const gramOver = (...examples: readonly (readonly number[][])[]): number[] =>
  meanMatrix(examples.map((tasks) => gramMatrix(tasks.map((task) => Float32Array.from(task)))));

const close = (a: number | undefined, b: number): boolean => Math.abs((a ?? NaN) - b) < 1e-12;
const directions = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

test('Theorem 1 gives 1 for identical tasks, whatever their number', (t) => {
  for (const count of [1, 2, 4]) {
    const gram = gramOver(...directions.map((r) => Array.from({ length: count }, () => [...r])));
    t.true(close(theorem1Factor(gram).factor, 1));
    t.true(close(gramFactor(gram), 1));
  }
});

test('Theorem 1 gives 1/√M for uncorrelated tasks', (t) => {
  const gram = gramOver(
    [
      [1, 0],
      [0, 1],
    ],
    [
      [-1, 0],
      [0, 1],
    ],
  );
  t.true(close(theorem1Factor(gram).factor, Math.SQRT1_2));
  t.true(close(gramFactor(gram), Math.SQRT1_2));
});

test('Theorem 1 gives 0 for opposed tasks', (t) => {
  const gram = gramOver(
    [
      [1, 0],
      [-1, 0],
    ],
    [
      [-1, 0],
      [1, 0],
    ],
  );
  t.is(theorem1Factor(gram).factor, 0);
  t.is(gramFactor(gram), 0);
});

test('the Gram form is the exact ratio of norms for any gradients, and the order of tasks does not matter', (t) => {
  const tasks = [
    [3, 1, 0],
    [-1, 2, 2],
    [0.5, 0, -4],
  ];
  const squared = (r: readonly number[]): number => r.reduce((sum, x) => sum + x * x, 0);
  const joint = [0, 1, 2].map((i) => tasks.reduce((sum, r) => sum + (r[i] as number), 0) / 3);
  const expected = Math.sqrt(squared(joint) / (tasks.reduce((sum, r) => sum + squared(r), 0) / 3));
  t.true(close(gramFactor(gramOver(tasks)), expected));
  t.true(close(gramFactor(gramOver(tasks.toReversed())), expected));
  t.false(close(theorem1Factor(gramOver(tasks)).factor, theorem1Factor(gramOver(tasks.toReversed())).factor ?? NaN));
});

test('Theorem 1 says why it gives nothing', (t) => {
  t.like(
    theorem1Factor(
      gramOver([
        [0, 0],
        [1, 0],
      ]),
    ),
    { factor: undefined, absentReason: 'the gradient of task 0 is 0 in every example' },
  );
  const scales = theorem1Factor(
    gramOver([
      [10, 0],
      [-1, 0],
    ]),
  );
  t.is(scales.factor, undefined);
  t.regex(scales.absentReason, /the radicand is -4\.5/);
  t.is(gramFactor([0, 0, 0, 0]), undefined);
});

test('cosines come from the Gram matrix', (t) => {
  t.deepEqual(
    cosineMatrix(
      gramOver([
        [3, 0],
        [1, 1],
      ]),
    ),
    [1, 3 / Math.sqrt(18), 3 / Math.sqrt(18), 1],
  );
});
