import type { ExecutionContext } from 'ava';
import type { Float64Tensor } from '../../src/engine/tensor/float64-tensor.js';
import { keyedRandom } from '../../src/engine/tensor/random.js';
import { type Shape, sizeOf } from '../../src/engine/tensor/shape.js';
import type { Tensor } from '../../src/engine/tensor/tensor.js';

/** A float32 batch of flat examples, shape [N, D]. */
export const batch = (...examples: readonly (readonly number[])[]): Tensor => ({
  data: Float32Array.from(examples.flat()),
  shape: [examples.length, examples[0]?.length ?? 0],
});

/** The examples of a flat batch, as `batch` takes them. */
export const rowsOf = ({ data, shape: [count = 0] }: Tensor): number[][] => {
  const size = data.length / count;
  return Array.from({ length: count }, (_, n) => [...data.subarray(n * size, (n + 1) * size)]);
};

export const float64 = (shape: Shape, values: readonly number[]): Float64Tensor => ({
  data: Float64Array.from(values),
  shape,
});

/** Uniform draws from [−1, 1), always the same for a key. */
export function randomFloat64(shape: Shape, key: string): Float64Tensor {
  const random = keyedRandom('start', 0, key, 0);
  return { data: new Float64Array(sizeOf(shape)).map(() => 2 * random() - 1), shape };
}

/** Fails unless shapes are equal and values differ by less than `tolerance`, absolutely. */
export function expectClose(
  t: ExecutionContext,
  actual: Float64Tensor,
  expected: Float64Tensor,
  tolerance: number,
): void {
  t.deepEqual(actual.shape, expected.shape);
  const worst = Math.max(...actual.data.map((value, i) => Math.abs(value - (expected.data[i] ?? NaN))));
  t.true(worst < tolerance, `expected [${expected.data}] within ${tolerance}, got [${actual.data}]`);
}
