import test from 'ava';
import { clipGradients } from '../../../src/lab/training/clip-gradients.js';

const gradients = () =>
  new Map([
    ['a', Float32Array.of(3, 0)],
    ['b', Float32Array.of(-4)],
  ]);

test('gradients are shortened together, and their length before is told', (t) => {
  const g = gradients();
  t.is(clipGradients(g, 1), 5);
  const factor = 1 / (5 + 1e-6);
  t.deepEqual(g.get('a'), Float32Array.of(3 * factor, 0));
  t.deepEqual(g.get('b'), Float32Array.of(-4 * factor));
});

test('shorter ones, and all without a limit, stay as they are', (t) => {
  for (const limit of [6, undefined]) {
    const g = gradients();
    t.is(clipGradients(g, limit), 5);
    t.deepEqual(g, gradients());
  }
});
