import { EngineError } from '../errors.js';
import { elementwise, type Float64Tensor, reduce } from './float64-tensor.js';
import { type Shape, sizeOf, withoutAxes } from './shape.js';
import type { TensorOps } from './tensor-ops.js';

const plus = (x: number, y: number): number => x + y;

/** `TensorOps` computed at once in float64: the reference that tests compare the other interpreters with. */
export const eagerOps: TensorOps<Float64Tensor> = {
  constant: (value) => ({ data: Float64Array.of(value), shape: [] }),
  add: (a, b) => elementwise(plus, a, b),
  sub: (a, b) => elementwise((x, y) => x - y, a, b),
  mul: (a, b) => elementwise((x, y) => x * y, a, b),
  div: (a, b) => elementwise((x, y) => x / y, a, b),
  abs: (a) => elementwise(Math.abs, a),
  exp: (a) => elementwise(Math.exp, a),
  log: (a) => elementwise(Math.log, a),
  erf: (a) => elementwise(erf, a),
  maximum: (a, b) => elementwise(Math.max, a, b),
  greater: (a, b) => elementwise((x, y) => Number(x > y), a, b),
  where: (mask, a, b) => elementwise((isSelected, x, y) => (isSelected ? x : y), mask, a, b),
  sum: (a, axes) => ({ data: reduce(a, axes, plus, 0).data, shape: withoutAxes(a.shape, axes) }),
  reshape: (a, shape) => ({ data: a.data, shape }),
  stopGradient: (a) => a,

  logSoftmax(a, axis) {
    // log softmax does not change when a constant is subtracted; with the largest logit, exp cannot overflow.
    const shifted = elementwise((x, max) => x - max, a, reduce(a, [axis], Math.max, -Infinity));
    const sums = reduce(elementwise(Math.exp, shifted), [axis], plus, 0);
    return elementwise((x, sum) => x - Math.log(sum), shifted, sums);
  },

  /** @throws EngineError `INTERNAL`. Thrown when a label is not a class. */
  pickClass(a, labels, axis) {
    const classes = a.shape[axis] ?? 0;
    const stride = sizeOf(a.shape.slice(axis + 1));
    const data = labels.data.map((label, i) => {
      if (!(label >= 0 && label < classes)) {
        throw new EngineError('INTERNAL', `expected labels of 0 … ${classes - 1}, got ${label}`);
      }
      return a.data[(Math.floor(i / stride) * classes + label) * stride + (i % stride)] as number;
    });
    return { data, shape: labels.shape };
  },

  maxOtherClass: (a, labels, axis) => ({
    data: alongAxis(a, axis, (values, i) => Math.max(...values.filter((_, c) => c !== labels.data[i]))),
    shape: labels.shape,
  }),

  topClasses: (a, k, axis) =>
    Array.from({ length: k }, (_, rank) => ({
      data: alongAxis(a, axis, (values) => values.toSorted((x, y) => y - x)[rank] as number),
      shape: withoutAxes(a.shape, [axis]),
    })),
};

/** `f` of the values along `axis`, once for every position of the other axes. */
function alongAxis(a: Float64Tensor, axis: number, f: (values: number[], position: number) => number): Float64Array {
  const rest: Shape = withoutAxes(a.shape, [axis]);
  const length = a.shape[axis] ?? 0;
  const stride = sizeOf(a.shape.slice(axis + 1));
  return Float64Array.from({ length: sizeOf(rest) }, (_, i) => {
    const first = Math.floor(i / stride) * length * stride + (i % stride);
    return f(
      Array.from({ length }, (_, c) => a.data[first + c * stride] as number),
      i,
    );
  });
}

/**
 * erf(x) to float64 precision: its Maclaurin series for |x| < 3, else 1 − erfc by a continued fraction.
 * Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.5 and 7.1.14.
 */
export function erf(x: number): number {
  if (Math.abs(x) >= 3) {
    let fraction = 0;
    for (let k = 60; k >= 1; k--) fraction = k / 2 / (Math.abs(x) + fraction);
    const complement = Math.exp(-x * x) / Math.sqrt(Math.PI) / (Math.abs(x) + fraction);
    return Math.sign(x) * (1 - complement);
  }
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
