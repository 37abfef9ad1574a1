import test from 'ava';
import { symbolicOps } from '../../../src/engine/onnx/symbolic-ops.js';
import { eagerOps } from '../../../src/engine/tensor/eager-ops.js';
import type { Float64Tensor } from '../../../src/engine/tensor/float64-tensor.js';
import type { Shape, Shaped } from '../../../src/engine/tensor/shape.js';
import type { TensorOps } from '../../../src/engine/tensor/tensor-ops.js';
import { runGraph } from '../../support/run-graph.js';
import { expectClose, float64, randomFloat64 } from '../../support/tensors.js';

/** What is computed from some inputs, over whatever interpreter. */
type Computation = <T extends Shaped>(ops: TensorOps<T>, inputs: readonly T[]) => readonly T[];

/** Both interpreters compute the same, ONNX Runtime in float32. */
const agrees = test.macro<[inputs: readonly Float64Tensor[], compute: Computation]>({
  title: (name) => `${name} computes the same as a graph and at once`,
  async exec(t, inputs, compute) {
    const actual = await runGraph(inputs, (g, values) => compute(symbolicOps(g, new Set()), values));
    const expected = compute(eagerOps, inputs);
    for (const [i, output] of actual.entries()) expectClose(t, output, expected[i] as Float64Tensor, 2e-5);
  },
});

const random = (...shape: Shape): Float64Tensor => randomFloat64(shape, `${shape}`);
const matrix = random(3, 4);
const row = random(4);
const positive: Float64Tensor = { ...matrix, data: matrix.data.map((x) => Math.abs(x) + 0.1) };
const logits = random(2, 5, 3);
const labels = float64([2, 3], [0, 4, 2, 1, 1, 3]);
const pair = [matrix, row] as const;
const at = <T>(list: readonly T[], index: number): T => list[index] as T;

test('add', agrees, pair, (ops, inputs) => [ops.add(at(inputs, 0), at(inputs, 1))]);
test('sub', agrees, pair, (ops, inputs) => [ops.sub(at(inputs, 0), at(inputs, 1))]);
test('mul', agrees, pair, (ops, inputs) => [ops.mul(at(inputs, 0), at(inputs, 1))]);
test('div', agrees, [matrix, positive], (ops, inputs) => [ops.div(at(inputs, 0), at(inputs, 1))]);
test('abs', agrees, pair, (ops, inputs) => [ops.abs(at(inputs, 0))]);
test('exp', agrees, pair, (ops, inputs) => [ops.exp(at(inputs, 0))]);
test('log', agrees, [positive], (ops, inputs) => [ops.log(at(inputs, 0))]);
test('erf', agrees, pair, (ops, inputs) => [ops.erf(at(inputs, 0))]);
test('maximum', agrees, pair, (ops, inputs) => [ops.maximum(at(inputs, 0), at(inputs, 1))]);
test('greater', agrees, pair, (ops, inputs) => [ops.greater(at(inputs, 0), at(inputs, 1))]);
test('where', agrees, pair, (ops, inputs) => [
  ops.where(ops.greater(at(inputs, 0), ops.constant(0)), at(inputs, 0), at(inputs, 1)),
]);
test('sum', agrees, [logits], (ops, inputs) => [[0], [1, 2], []].map((axes) => ops.sum(at(inputs, 0), axes)));
test('reshape', agrees, [logits], (ops, inputs) => [ops.reshape(at(inputs, 0), [5, 6])]);
test('lookUp', agrees, [labels], (ops, inputs) => [ops.lookUp([5, 6, 7, 8, 9], at(inputs, 0))]);
test('logSoftmax', agrees, [logits], (ops, inputs) => [1, 2].map((axis) => ops.logSoftmax(at(inputs, 0), axis)));
test('pickClass', agrees, [logits, labels], (ops, inputs) => [ops.pickClass(at(inputs, 0), at(inputs, 1), 1)]);
test('maxOtherClass', agrees, [logits, labels], (ops, inputs) => [ops.maxOtherClass(at(inputs, 0), at(inputs, 1), 1)]);
test('predictedClass', agrees, [logits], (ops, inputs) =>
  [1, 2].map((axis) => ops.predictedClass(at(inputs, 0), axis)),
);
test('topClasses', agrees, [logits], (ops, inputs) => ops.topClasses(at(inputs, 0), 3, 1));
test('stopGradient', agrees, pair, (ops, inputs) => [ops.stopGradient(at(inputs, 0))]);

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
