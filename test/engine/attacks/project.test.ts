import test from 'ava';
import { project } from '../../../src/engine/attacks/project.js';
import { batch, rowsOf } from '../../support/tensors.js';

test('the L∞ ball and the range both hold (by hand)', (t) => {
  t.deepEqual(rowsOf(project(batch([90, 110, 101, -3, 300]), batch([100, 100, 100, 2, 253]), 4, 'linf')), [
    [96, 104, 101, 0, 255],
  ]);
});

test('the L2 ball shortens the perturbation of each example by itself, then cuts to the range (by hand)', (t) => {
  const pixels = batch([103, 104], [103, 104], [254, 260]);
  const clean = batch([100, 100], [102, 104], [254, 254]);
  t.deepEqual(rowsOf(project(pixels, clean, 2.5, 'l2')), [
    [101.5, 102],
    [103, 104],
    [254, 255],
  ]);
});

test('a point that is projected stays where it is', (t) => {
  for (const norm of ['linf', 'l2'] as const) {
    const once = project(batch([120, 80, 255]), batch([100, 100, 254]), 4, norm);
    t.deepEqual(project(once, batch([100, 100, 254]), 4, norm), once);
  }
});
