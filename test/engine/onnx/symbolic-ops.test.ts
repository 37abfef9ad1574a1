import test from 'ava';
import { symbolicOps } from '../../../src/engine/onnx/symbolic-ops.js';
import { eagerOps } from '../../../src/engine/tensor/eager-ops.js';
import type { Float64Tensor } from '../../../src/engine/tensor/float64-tensor.js';
import { runGraph } from '../../support/run-graph.js';
import { type Computation, tensorOpsCases } from '../../support/tensor-ops-cases.js';
import { expectClose, float64, randomFloat64 } from '../../support/tensors.js';

/** Both interpreters compute the same, ONNX Runtime in float32. */
const agrees = test.macro<[inputs: readonly Float64Tensor[], compute: Computation]>({
  title: (name) => `${name} computes the same as a graph and at once`,
  async exec(t, inputs, compute) {
    const actual = await runGraph(inputs, (g, values) => compute(symbolicOps(g, new Set()), values));
    const expected = compute(eagerOps, inputs);
    for (const [i, output] of actual.entries()) expectClose(t, output, expected[i] as Float64Tensor, 2e-5);
  },
});

for (const { name, inputs, compute } of tensorOpsCases) test(name, agrees, inputs, compute);

const row = randomFloat64([4], '4');

test('what is stopped is told by its name, under which nothing else is read', async (t) => {
  const stopped = new Set<string>();
  await runGraph([row], (g, [value]) => {
    const output = symbolicOps(g, stopped).stopGradient(value as NonNullable<typeof value>);
    t.deepEqual([...stopped], [output.name]);
    t.not(output.name, value?.name);
    return [output];
  });
});

test('where selects, so that what is not selected may be NaN', async (t) => {
  const [output] = await runGraph([float64([2], [1, 0]), float64([2], [5, NaN])], (g, [mask, a]) => {
    const ops = symbolicOps(g, new Set());
    return [ops.where(mask as never, a as never, ops.constant(0))];
  });
  t.deepEqual(output, float64([2], [5, 0]));
});
