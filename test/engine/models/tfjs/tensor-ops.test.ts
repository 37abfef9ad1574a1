import test from 'ava';
import { tfjsOps } from '../../../../src/engine/models/tfjs/tensor-ops.js';
import { eagerOps } from '../../../../src/engine/tensor/eager-ops.js';
import type { Float64Tensor } from '../../../../src/engine/tensor/float64-tensor.js';
import { type TensorOpsCase, tensorOpsCases } from '../../../support/tensor-ops-cases.js';
import { expectClose, float64 } from '../../../support/tensors.js';
import { BUNDLED, gradientOf, onBackend, valuesOf } from '../../../support/tfjs.js';

/** TF.js computes in float32 what the reference computes in float64. */
const agrees = test.macro<[TensorOpsCase]>({
  title: (name) => `${name} computes the same on TF.js and at once`,
  async exec(t, { inputs, compute }) {
    const expected = compute(eagerOps, inputs);
    for (const backend of BUNDLED) {
      const { tf } = await onBackend(backend);
      const outputs = tf.tidy(() => {
        const tensors = inputs.map(({ data, shape }) => tf.tensor(Float32Array.from(data), [...shape]));
        return [...compute(tfjsOps(tf), tensors)];
      });
      for (const [i, output] of outputs.entries()) {
        const actual: Float64Tensor = { shape: output.shape, data: Float64Array.from(output.dataSync()) };
        expectClose(t, actual, expected[i] as Float64Tensor, 2e-5);
      }
      tf.dispose(outputs);
    }
  },
});

for (const each of tensorOpsCases) test(each.name, agrees, each);

test.serial('where selects, so that what is not selected may be NaN', async (t) => {
  for (const backend of BUNDLED) {
    const { tf } = await onBackend(backend);
    const ops = tfjsOps(tf);
    const output = tf.tidy(() => ops.where(tf.tensor1d([1, 0]), tf.tensor1d([5, Number.NaN]), ops.constant(0)));
    t.deepEqual(valuesOf(output), [5, 0]);
  }
});

test.serial('a mask of any axis broadcasts', async (t) => {
  for (const backend of BUNDLED) {
    const { tf } = await onBackend(backend);
    const ops = tfjsOps(tf);
    for (const axis of [0, 1, 2]) {
      const shape = [2, 3, 2];
      const data = Float64Array.from({ length: 12 / (shape[axis] ?? 1) }, (_, i) => Number(i % 3 === 0));
      const [mask, values] = [float64(shape.with(axis, 1), [...data]), float64(shape, [...new Array(12).keys()])];
      const expected = eagerOps.where(mask, values, eagerOps.constant(-1));
      const actual = tf.tidy(() =>
        ops.where(tf.tensor([...mask.data], [...mask.shape]), tf.tensor([...values.data], shape), ops.constant(-1)),
      );
      t.deepEqual(valuesOf(actual), [...expected.data], `axis ${axis} on ${backend}`);
    }
  }
});

// The cotangents are 1, 3, 5.
const slopes: Readonly<
  Record<string, [x: number[], f: (ops: ReturnType<typeof tfjsOps>, x: never) => never, slope: number[]]>
> = {
  'a maximum of equal arguments gives its gradient to the second': [
    [1, 2, 0],
    (ops, x) => ops.maximum(ops.constant(1), x) as never,
    [1, 3, 0],
  ],
  stopGradient: [[1, 2, 3], (ops, x) => ops.mul(ops.stopGradient(x), x) as never, [1, 6, 15]],
  abs: [[0, -1, 2], (ops, x) => ops.abs(x) as never, [0, -3, 5]],
};
for (const [name, [x, f, slope]] of Object.entries(slopes)) {
  test.serial(`the derivative of ${name} is right`, async (t) => {
    for (const backend of BUNDLED) {
      const runtime = await onBackend(backend);
      t.deepEqual(
        gradientOf(runtime, (input) => f(tfjsOps(runtime.tf), input as never), x, [3]),
        slope,
      );
    }
  });
}

test.serial('the first of several largest classes takes the whole derivative', async (t) => {
  for (const backend of BUNDLED) {
    const runtime = await onBackend(backend);
    const { tf } = runtime;
    const others = gradientOf(
      runtime,
      (x) => tfjsOps(tf).maxOtherClass(x, tf.tensor1d([0, 1]), 1),
      [9, 1, 1, 4, 5, 4],
      [2, 3],
    );
    t.deepEqual(others, [0, 1, 0, 3, 0, 0]);
    const top = gradientOf(runtime, (x) => tf.addN([...tfjsOps(tf).topClasses(x, 2, 1)]), [1, 3, 3, 5, 4, 5], [2, 3]);
    t.deepEqual(top, [0, 1, 1, 3, 0, 3]);
  }
});
