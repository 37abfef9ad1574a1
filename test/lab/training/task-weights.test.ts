import test from 'ava';
import { taskWeights } from '../../../src/lab/training/task-weights.js';

const NAMES = ['s', 'd', 'A'];
const weigh = (change: object) =>
  Object.fromEntries(
    taskWeights({ main: [], auxiliary: [], lambda: 0.1, equally: false, weights: {}, ...change }, NAMES),
  );

const rows: readonly [title: string, change: object, expected: object][] = [
  ['all tasks are main tasks by default', {}, { s: 1 / 3, d: 1 / 3, A: 1 / 3 }],
  ['one main task weighs 1', { main: ['d'] }, { d: 1 }],
  ['auxiliary tasks share λ', { main: ['s'], auxiliary: ['A', 'd'] }, { s: 1, d: 0.05, A: 0.05 }],
  ['main tasks share 1', { main: ['s', 'd'], auxiliary: ['A'], lambda: 0.01 }, { s: 0.5, d: 0.5, A: 0.01 }],
  [
    'equally means 1 over the number of all',
    { main: ['s'], auxiliary: ['A', 'd'], equally: true },
    { s: 1 / 3, d: 1 / 3, A: 1 / 3 },
  ],
  ['a weight that is given counts as it is', { main: ['s', 'd'], weights: { d: 3 } }, { s: 0.5, d: 3 }],
];

for (const [title, change, expected] of rows) {
  test(title, (t) => {
    t.deepEqual(weigh(change), expected);
    t.deepEqual(
      Object.keys(weigh(change)),
      NAMES.filter((name) => name in expected),
      'in the order of the model',
    );
  });
}

test('tasks that the model does not have, and weights of tasks that are not trained, are told', (t) => {
  t.throws(() => weigh({ main: ['x'] }), { message: 'tasks: expected tasks of the model (s, d, A), got x' });
  t.throws(() => weigh({ main: ['s'], weights: { d: 1 } }), {
    message: 'tasks: expected weights of trained tasks (s), got d',
  });
});
