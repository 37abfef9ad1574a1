import { EngineError } from '../errors.js';
import { isSameShape, type Shaped } from './shape.js';

/** Dense float32 tensor of shape [N, …]: pixels, gradients, losses. Never changed once made. */
export interface Tensor extends Shaped {
  readonly data: Float32Array;
}

export const zerosLike = (a: Tensor): Tensor => ({ data: new Float32Array(a.data.length), shape: a.shape });

/** `f` of every element. */
export function map({ data: from, shape }: Tensor, f: (value: number) => number): Tensor {
  // Attacks spend their time here: a loop is several times as fast as the array's own `map`.
  const data = new Float32Array(from.length);
  for (let i = 0; i < data.length; i++) data[i] = f(from[i] as number);
  return { data, shape };
}

/**
 * `f` of every pair of elements.
 *
 * @throws EngineError `INTERNAL`. Thrown when the shapes differ.
 */
export function zip(a: Tensor, b: Tensor, f: (x: number, y: number) => number): Tensor {
  const [from, other] = [a.data, requireSameShape(a, b).data];
  const data = new Float32Array(from.length);
  for (let i = 0; i < data.length; i++) data[i] = f(from[i] as number, other[i] as number);
  return { data, shape: a.shape };
}

/**
 * The second of two tensors.
 *
 * @throws EngineError `INTERNAL`. Thrown when their shapes differ.
 */
export function requireSameShape(a: Tensor, b: Tensor): Tensor {
  if (isSameShape(a.shape, b.shape)) return b;
  throw new EngineError('INTERNAL', `expected a tensor of shape [${a.shape}], got [${b.shape}]`);
}

/** `f` of every example's values; `f` returns as many values as it was given. */
export function mapExamples(a: Tensor, f: (example: Float32Array, index: number) => Float32Array): Tensor {
  const data = new Float32Array(a.data.length);
  for (const [n, example] of examplesOf(a).entries()) data.set(f(example, n), n * example.length);
  return { data, shape: a.shape };
}

/** Views of the values of each example, along the first axis. */
export function examplesOf({ data, shape: [count = 1] }: Tensor): readonly Float32Array[] {
  const size = data.length / count;
  return Array.from({ length: count }, (_, n) => data.subarray(n * size, (n + 1) * size));
}
