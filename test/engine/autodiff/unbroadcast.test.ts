import test from 'ava';
import { unbroadcast } from '../../../src/engine/autodiff/unbroadcast.js';
import { growGraph } from '../../../src/engine/onnx/builder.js';
import type { Value } from '../../../src/engine/onnx/graph.js';
import { runGraph } from '../../support/run-graph.js';
import { float64 } from '../../support/tensors.js';

const gradient = float64([2, 1, 2], [1, 2, 3, 4]);
const sums: readonly (readonly [when: string, shape: number[], expected: number[]])[] = [
  ['an axis was added', [1, 2], [4, 6]],
  ['an axis was stretched', [2, 1, 1], [3, 7]],
  ['an axis was added and one stretched', [1, 1], [10]],
  ['it is of a scalar', [], [10]],
];
for (const [when, shape, expected] of sums) {
  test(`a gradient is summed to the shape of its input where ${when}`, async (t) => {
    const [summed] = await runGraph([gradient], (g, [value]) => [unbroadcast(g, value as Value, shape)]);
    t.deepEqual(summed, float64(shape, expected));
  });
}

test('nothing is appended for an input that was not broadcast', (t) => {
  const g = growGraph();
  const value = g.addInput('x', 'float32', [2, 1, 2]);
  t.is(unbroadcast(g, value, [2, 1, 2]), value);
});
