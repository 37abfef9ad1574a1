import type { Tensor1D } from '@tensorflow/tfjs-core';
import { broadcastShapes, isSameShape, type Shape, sizeOf } from '../../tensor/shape.js';
import type { TensorOps } from '../../tensor/tensor-ops.js';
import type { Tensor, Tf } from './runtime.js';

/** The smallest float32 that is finite: what a class that does not count is given before a maximum is taken. */
const LOWEST = -3.4028234663852886e38;

/**
 * `TensorOps` computed by TF.js at once, and recorded on its tape where a gradient is taken. Labels are float32; masks may be
 * bool. Whoever calls it holds a `tidy` around.
 */
export function tfjsOps(tf: Tf): TensorOps<Tensor> {
  /** What constants are, so that they are written where they are needed: broadcasting is slow on WebAssembly. */
  const constants = new WeakMap<Tensor, number>();
  const constant = (value: number): Tensor => {
    const tensor = tf.scalar(value);
    constants.set(tensor, value);
    return tensor;
  };
  const filled = (a: Tensor, shape: Shape): Tensor => {
    const value = constants.get(a);
    return value === undefined ? a : tf.fill([...shape], value);
  };

  function where(mask: Tensor, a: Tensor, b: Tensor): Tensor {
    const shape = broadcastShapes([mask.shape, a.shape, b.shape]);
    return tf.where(broadcastMask(tf, mask, shape), filled(a, shape), filled(b, shape));
  }

  /** Elements along `axis` where `mask` holds, which it does once at every position. */
  const select = (a: Tensor, mask: Tensor, axis: number): Tensor => tf.sum(where(mask, a, constant(0)), axis);

  /** Where the index along `axis` is what `indices` say, whose shape is that of `a` without it; shape of `a`. */
  function isIndex(a: Tensor, indices: Tensor, axis: number): Tensor {
    // Not of bools at once: on WebAssembly that writes beyond the end of its memory.
    const last = tf.cast(tf.oneHot(tf.cast(indices, 'int32') as Tensor1D, a.shape[axis] ?? 0), 'bool');
    const axes = a.shape.map((_, other) => other).slice(0, -1);
    return axis === axes.length ? last : tf.transpose(last, axes.toSpliced(axis, 0, axes.length));
  }

  const largest = (a: Tensor, axis: number): Tensor => isIndex(a, tf.argMax(a, axis), axis);

  return {
    constant,
    add: (a, b) => tf.add(a, b),
    sub: (a, b) => tf.sub(a, b),
    mul: (a, b) => tf.mul(a, b),
    div: (a, b) => tf.div(a, b),
    abs: (a) => tf.abs(a),
    exp: (a) => tf.exp(a),
    log: (a) => tf.log(a),
    erf: (a) => tf.erf(a),
    maximum: (a, b) => tf.where(tf.greater(a, b), a, b),
    greater: (a, b) => tf.cast(tf.greater(a, b), 'float32'),
    where,
    lookUp: (table, a) => tf.gather(tf.tensor1d([...table]), tf.cast(a, 'int32')),
    sum: (a, axes) => (axes.length === 0 ? a : tf.sum(a, [...axes])),
    reshape: (a, shape) => tf.reshape(a, [...shape]),
    logSoftmax: (a, axis) => logSoftmaxOver(tf, a, axis),
    pickClass: (a, labels, axis) => select(a, isIndex(a, labels, axis), axis),

    maxOtherClass(a, labels, axis) {
      const others = where(isIndex(a, labels, axis), constant(LOWEST), a);
      // The first of several that are largest takes the whole derivative, as it is the one that is predicted.
      return select(a, largest(others, axis), axis);
    },

    predictedClass: (a, axis) => tf.cast(tf.argMax(a, axis), 'float32'),

    // Not `topk`, which has no gradient in TF.js: losses ask for three at most.
    topClasses(a, k, axis) {
      let rest = a;
      return Array.from({ length: k }, () => {
        const mask = largest(rest, axis);
        rest = where(mask, constant(LOWEST), rest);
        return select(a, mask, axis);
      });
    },

    stopGradient: (a) =>
      tf.customGrad((x) => ({ value: tf.clone(x as Tensor), gradFunc: (dy) => tf.zerosLike(dy) }))(a),
  };
}

/**
 * A mask of 0 and 1 in a larger shape. Along one axis it is a product with ones: on WebAssembly that takes a tenth of the time of
 * TF.js's own broadcasting.
 */
function broadcastMask(tf: Tf, mask: Tensor, shape: Shape): Tensor {
  if (isSameShape(mask.shape, shape)) return tf.cast(mask, 'bool');
  const axis = mask.shape.findIndex((n, i) => n !== shape[i]);
  const isOneAxis = mask.shape.length === shape.length && isSameShape(mask.shape.with(axis, shape[axis] ?? 1), shape);
  if (!isOneAxis) return tf.broadcastTo(tf.cast(mask, 'bool'), [...shape]);
  const [length, inner] = [shape[axis] ?? 1, sizeOf(shape.slice(axis + 1))];
  const values = tf.cast(mask, 'float32');
  const product =
    inner === 1
      ? tf.matMul(tf.reshape(values, [-1, 1]), tf.ones([1, length]))
      : tf.matMul(tf.ones([sizeOf(shape.slice(0, axis)), length, 1]), tf.reshape(values, [-1, 1, inner]));
  return tf.cast(tf.reshape(product, [...shape]), 'bool');
}

/** log softmax over any axis; TF.js's own knows only the last. Its derivative: dA = dY − softmax(A) · Σ dY. */
function logSoftmaxOver(tf: Tf, a: Tensor, axis: number): Tensor {
  return tf.customGrad((x, save) => {
    const shifted = tf.sub(x as Tensor, tf.max(x as Tensor, axis, true));
    const value = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), axis, true)));
    (save as (tensors: Tensor[]) => void)([value]);
    return {
      value,
      gradFunc: (dy, [logProbabilities]) =>
        tf.sub(dy, tf.mul(tf.exp(logProbabilities as Tensor), tf.sum(dy, axis, true))),
    };
  })(a);
}
