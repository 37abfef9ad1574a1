import type { Shaped } from '../tensor/shape.js';
import type { TensorOps } from '../tensor/tensor-ops.js';
import { type LossInputs, meanOverValid, validClasses, validOutput } from './loss.js';

/** How far gone an example is, by the form of its task's labels. */
export type ScoreKind = 'margin' | 'share-wrong' | 'share-wrong-bits' | 'absolute-error' | 'squared-error';

/**
 * A number per example, shape [N], that drives progress, early stop and the choice of the best iterate; larger is worse.
 * It has no derivative.
 *
 * - `margin`, for one class per example: how far the best wrong class wins; > 0 exactly where the prediction is wrong.
 * - `share-wrong`, for maps of classes: share of valid positions whose prediction is wrong.
 * - `share-wrong-bits`, for multi-label tasks: share of valid classes that are predicted wrongly.
 * - `absolute-error`, `squared-error`, for numbers: mean over valid elements.
 */
export function score<T extends Shaped>(ops: TensorOps<T>, kind: ScoreKind, inputs: LossInputs<T>): T {
  const zero = ops.constant(0);
  const { classAxis, valid, activation } = inputs;
  const output = validOutput(ops, inputs);
  switch (kind) {
    case 'margin': {
      const classes = validClasses(ops, inputs);
      const wrong = ops.maxOtherClass(output, classes, classAxis);
      return meanOverValid(ops, ops.sub(wrong, ops.pickClass(output, classes, classAxis)), valid);
    }
    case 'share-wrong': {
      const difference = ops.abs(ops.sub(ops.predictedClass(output, classAxis), validClasses(ops, inputs)));
      return meanOverValid(ops, ops.greater(difference, zero), valid);
    }
    case 'share-wrong-bits': {
      const truth = ops.where(valid, inputs.labels, zero);
      const predicted = ops.greater(output, ops.constant(activation === 'none' ? 0 : 0.5));
      const isTrue = ops.greater(truth, ops.constant(0.5));
      return meanOverValid(ops, ops.abs(ops.sub(predicted, isTrue)), valid);
    }
    case 'absolute-error':
    case 'squared-error': {
      const error = ops.sub(output, ops.where(valid, inputs.labels, zero));
      return meanOverValid(ops, kind === 'absolute-error' ? ops.abs(error) : ops.mul(error, error), valid);
    }
  }
}
