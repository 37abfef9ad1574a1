import type { GraphBuilder, TensorValue, Value } from '../onnx/graph.js';
import { float32Tensor } from '../onnx/tensor-value.js';
import { isSameShape, type Shape, sizeOf } from '../tensor/shape.js';

/** `value` where `condition` holds, else 0. A selection, not a product: what is not selected may be ∞ or NaN. */
export const where = (g: GraphBuilder, condition: Value, value: Value): Value =>
  g.op('Where', [condition, value, g.scalar(0)]);

/** Sum over all axes but `kept`, which stay alone. */
export const sumBeside = (g: GraphBuilder, value: Value, kept: readonly number[]): Value => {
  const axes = range(value.shape.length).filter((axis) => !kept.includes(axis));
  return axes.length === 0 ? value : g.op('ReduceSum', [value, g.integers(axes)], { keepdims: 0 });
};

/** `value` with the largest finite float32 for ±∞: 0 · ∞ would be NaN. */
export const finite = (g: GraphBuilder, value: Value): Value =>
  g.op('Clip', [value, g.scalar(-LARGEST_FLOAT32), g.scalar(LARGEST_FLOAT32)]);

/** The smallest positive float32 of full precision: a quotient by less overflows. */
export const SMALLEST_DIVISOR = 1.1754943508222875e-38;

const LARGEST_FLOAT32 = 3.4028234663852886e38;

export const negate = (g: GraphBuilder, value: Value): Value => g.op('Neg', [value]);

/** 1 − x². */
export const oneMinusSquare = (g: GraphBuilder, x: Value): Value =>
  g.op('Mul', [g.op('Sub', [g.scalar(1), x]), g.op('Add', [g.scalar(1), x])]);

/** `value` where x > 0, −`value` where x < 0, else 0. Not by `Sign`, which has no WebGPU kernel. */
export const withSignOf = (g: GraphBuilder, x: Value, value: Value): Value => {
  const negative = where(g, g.op('Less', [x, g.scalar(0)]), negate(g, value));
  return g.op('Where', [g.op('Greater', [x, g.scalar(0)]), value, negative]);
};

/** value · factor. */
export const scale = (g: GraphBuilder, value: Value, factor: number): Value =>
  factor === 1 ? value : g.op('Mul', [value, g.scalar(factor)]);

export const reshape = (g: GraphBuilder, value: Value, shape: Shape): Value =>
  isSameShape(value.shape, shape) ? value : g.op('Reshape', [value, g.integers(shape)]);

export const transpose = (g: GraphBuilder, value: Value, perm: readonly number[]): Value =>
  perm.every((axis, i) => axis === i) ? value : g.op('Transpose', [value], { perm });

/** The same with its last two axes exchanged. */
export const transposeMatrix = (g: GraphBuilder, value: Value): Value => {
  const rank = value.shape.length;
  return transpose(g, value, [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2]);
};

/** Sum over axes, which stay with length 1. */
export const sumOver = (g: GraphBuilder, value: Value, axes: readonly number[]): Value =>
  axes.length === 0 ? value : g.op('ReduceSum', [value, g.integers(axes)], { keepdims: 1 });

/** Mean over axes, which stay with length 1. */
export const meanOver = (g: GraphBuilder, value: Value, axes: readonly number[]): Value =>
  axes.length === 0 ? value : g.op('ReduceMean', [value, g.integers(axes)], { keepdims: 1 });

export const expand = (g: GraphBuilder, value: Value, shape: Shape): Value =>
  g.op('Expand', [value, g.integers(shape)]);

/** A padding of one axis; what is negative is cut off. */
export interface AxisPadding {
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
}

/**
 * Zeros around `value`.
 *
 * All axes are named by their place: ONNX Runtime 1.30 moves a `Pad` with the input `axes` past a transposition as if it had
 * none, and the program then ends in an error.
 */
export function padded(g: GraphBuilder, value: Value, paddings: readonly AxisPadding[]): Value {
  const used = paddings.filter(({ begin, end }) => begin !== 0 || end !== 0);
  if (used.length === 0) return value;
  const rank = value.shape.length;
  const pads = new Array<number>(2 * rank).fill(0);
  for (const { axis, begin, end } of used) {
    pads[axis] = begin;
    pads[axis + rank] = end;
  }
  return g.op('Pad', [value, g.integers(pads)]);
}

/** Zeros around `value` along an axis, or at the end a cut, so that it begins at `first` of `length`. */
export function placed(g: GraphBuilder, value: Value, axis: number, first: number, length: number): Value {
  return padded(g, value, [{ axis, begin: first, end: length - first - (value.shape[axis] as number) }]);
}

/** A tensor of zeros. A small one is a constant, a large one is made when it is needed. */
export const zeros = (g: GraphBuilder, shape: Shape): Value =>
  sizeOf(shape) <= 256 ? g.floats(new Float32Array(sizeOf(shape)), shape) : expand(g, g.scalar(0), shape);

/** The identity matrix of `size` rows, in a shape of as many elements. */
export function identityMatrix(size: number, shape: Shape): TensorValue {
  const values = new Float32Array(size * size);
  for (let i = 0; i < size; i++) values[i * size + i] = 1;
  return float32Tensor(values, shape);
}

/** 0, 1, 2, … */
export const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** An axis that counts from the end, as one that counts from 0. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
