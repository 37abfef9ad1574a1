import type { GradConfig } from '@tensorflow/tfjs-core';
import type { Tensor, Tf } from '../runtime.js';

/** Gradient of `Abs`: dX = dY · sign(X), which is 0 at 0; TF.js has −dY there. */
export const absGradient = (tf: Tf): GradConfig => ({
  kernelName: 'Abs',
  inputsToSave: ['x'],
  gradFunc: (dy, [x]) => ({ x: () => tf.mul(dy as Tensor, tf.sign(x as Tensor)) }),
});

/**
 * Gradient of `Max` and `Min` over axes: the k elements that equal the extremum get dY / k each, as `ReduceMax` in our ONNX
 * engine has it; TF.js gives each of them all of dY.
 */
export const extremumGradient = (tf: Tf, kernelName: 'Max' | 'Min'): GradConfig => ({
  kernelName,
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc(dy, saved, attrs) {
    const [x, y] = saved as [Tensor, Tensor];
    // The two call the same thing by different names.
    const axes = tf.util.parseAxisParam((attrs['reductionIndices'] ?? attrs['axis']) as number[], x.shape);
    const kept = x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
    return {
      x: () => {
        const isExtreme = tf.cast(tf.equal(x, tf.reshape(y, kept)), 'float32');
        const share = tf.div(tf.reshape(dy as Tensor, kept), tf.sum(isExtreme, axes, true));
        return tf.mul(isExtreme, share);
      },
    };
  },
});

/** Gradient of `Select`: chosen, not multiplied, for what is not selected may have an infinite cotangent. */
export const selectGradient = (tf: Tf): GradConfig => ({
  kernelName: 'Select',
  inputsToSave: ['condition'],
  gradFunc(dy, [condition]) {
    const [cotangent, zeros] = [dy as Tensor, () => tf.zerosLike(dy as Tensor)];
    return {
      condition: () => tf.zerosLike(tf.cast(condition as Tensor, 'float32')),
      t: () => tf.where(condition as Tensor, cotangent, zeros()),
      e: () => tf.where(condition as Tensor, zeros(), cotangent),
    };
  },
});

/** Kernels whose derivative is 0 wherever they have one, with the names of their inputs. */
const FLAT: Readonly<Record<string, readonly string[]>> = {
  ArgMax: ['x'],
  ArgMin: ['x'],
  Ceil: ['x'],
  Equal: ['a', 'b'],
  Floor: ['x'],
  FloorDiv: ['a', 'b'],
  Greater: ['a', 'b'],
  GreaterEqual: ['a', 'b'],
  IsFinite: ['x'],
  IsInf: ['x'],
  IsNan: ['x'],
  Less: ['a', 'b'],
  LessEqual: ['a', 'b'],
  LogicalAnd: ['a', 'b'],
  LogicalNot: ['x'],
  LogicalOr: ['a', 'b'],
  NotEqual: ['a', 'b'],
  OnesLike: ['x'],
  Round: ['x'],
  Sign: ['x'],
  Step: ['x'],
  ZerosLike: ['x'],
};

/** Whether a kernel cuts the way of every gradient. */
export const isFlat = (kernelName: string): boolean => kernelName in FLAT;

/** Gradients of the flat kernels: where TF.js has none, it fails also on ways that do not matter. */
export const flatGradients = (tf: Tf): readonly GradConfig[] =>
  Object.entries(FLAT).map(([kernelName, inputs]) => ({
    kernelName,
    inputsToSave: [...inputs],
    gradFunc: (_, saved) =>
      Object.fromEntries(inputs.map((name, i) => [name, () => tf.zerosLike(tf.cast(saved[i] as Tensor, 'float32'))])),
  }));
