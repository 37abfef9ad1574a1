import { EngineError } from '../errors.js';
import { elementwise, type Float64Tensor, reduce } from './float64-tensor.js';
import { broadcastShapes, isSameShape, type Shape, sizeOf, withoutAxes } from './shape.js';
import type { TensorOps } from './tensor-ops.js';

const plus = (x: number, y: number): number => x + y;

/** `TensorOps` computed at once in float64: the reference that tests compare the other interpreters with. */
export const eagerOps: TensorOps<Float64Tensor> = {
  constant: (value) => ({ data: Float64Array.of(value), shape: [] }),
  add: (a, b) => elementwise(plus, a, b),
  sub: (a, b) => elementwise((x, y) => x - y, a, b),
  mul: (a, b) => elementwise((x, y) => x * y, a, b),
  div: (a, b) => elementwise((x, y) => x / y, a, b),
  abs: (a) => elementwise((x) => Math.abs(x), a),
  exp: (a) => elementwise((x) => Math.exp(x), a),
  log: (a) => elementwise((x) => Math.log(x), a),
  erf: (a) => elementwise(erf, a),
  maximum: (a, b) => elementwise((x, y) => Math.max(x, y), a, b),
  greater: (a, b) => elementwise((x, y) => Number(x > y), a, b),
  where(mask, a, b) {
    // Most masks select everything, and a copy of an output is not cheap.
    const isWhole = isSameShape(broadcastShapes([mask.shape, a.shape, b.shape]), a.shape);
    if (isWhole && mask.data.every((isSelected) => isSelected === 1)) return a;
    return elementwise((isSelected, x, y) => (isSelected ? x : y), mask, a, b);
  },
  lookUp: (table, a) => elementwise((x) => table[x] ?? NaN, a),
  sum: (a, axes) => ({ data: reduce(a, axes, plus, 0).data, shape: withoutAxes(a.shape, axes) }),
  reshape: (a, shape) => ({ data: a.data, shape }),
  stopGradient: (a) => a,

  logSoftmax(a, axis) {
    // log softmax does not change when a constant is subtracted; with the largest logit, exp cannot overflow.
    const data = new Float64Array(a.data.length);
    for (const [first, stride, length] of lines(a.shape, axis)) {
      let max = -Infinity;
      for (let c = 0; c < length; c++) max = Math.max(max, a.data[first + c * stride] as number);
      let sum = 0;
      for (let c = 0; c < length; c++) sum += Math.exp((a.data[first + c * stride] as number) - max);
      const shift = max + Math.log(sum);
      for (let c = 0; c < length; c++) data[first + c * stride] = (a.data[first + c * stride] as number) - shift;
    }
    return { data, shape: a.shape };
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

  maxOtherClass(a, labels, axis) {
    const data = new Float64Array(labels.data.length).fill(-Infinity);
    let position = 0;
    for (const [first, stride, length] of lines(a.shape, axis)) {
      for (let c = 0; c < length; c++) {
        const value = a.data[first + c * stride] as number;
        if (c !== labels.data[position] && value > (data[position] as number)) data[position] = value;
      }
      position++;
    }
    return { data, shape: labels.shape };
  },

  predictedClass(a, axis) {
    const data = Array.from(lines(a.shape, axis), ([first, stride, length]) => {
      let best = 0;
      for (let c = 1; c < length; c++) {
        if ((a.data[first + c * stride] as number) > (a.data[first + best * stride] as number)) best = c;
      }
      return best;
    });
    return { data: Float64Array.from(data), shape: withoutAxes(a.shape, [axis]) };
  },

  topClasses(a, k, axis) {
    const sorted = Array.from(lines(a.shape, axis), ([first, stride, length]) =>
      Array.from({ length }, (_, c) => a.data[first + c * stride] as number).toSorted((x, y) => y - x),
    );
    return Array.from({ length: k }, (_, rank) => ({
      data: Float64Array.from(sorted, (values) => values[rank] as number),
      shape: withoutAxes(a.shape, [axis]),
    }));
  },
};

/** Where the values along `axis` are, for every position of the other axes in order: first index, stride, length. */
function* lines(shape: Shape, axis: number): Generator<[first: number, stride: number, length: number], void, void> {
  const length = shape[axis] ?? 1;
  const stride = sizeOf(shape.slice(axis + 1));
  const blocks = sizeOf(shape.slice(0, axis));
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < stride; i++) yield [block * length * stride + i, stride, length];
  }
}

/**
 * erf(x) to float64 precision: by a series of positive terms for |x| < 3, else 1 − erfc by a continued fraction.
 * Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6 and 7.1.14.
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
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
