import type { Shaped } from '../tensor/shape.js';
import type { TensorOps } from '../tensor/tensor-ops.js';
import { type Loss, type LossInputs, logProbabilities, meanOverValid, validClasses } from './loss.js';

/**
 * Houdini without its task-loss factor, for each example: with log-probabilities s, label y and g* = max s,
 *
 *   L = mean over valid positions of 1 − Φ(s[y] − g*),  Φ the standard normal distribution
 *
 * Range: [½, 1]. Where the prediction is right s[y] = g*, and the derivative is 0. Shapes: output [N, C, …] for class axis
 * 1, labels and valid [N, …], L [N].
 * Source: Cisse et al., "Houdini: Fooling Deep Structured Prediction Models", 2017, equation 6 (arXiv:1707.05373). Its
 * factor, the task loss of the example, is positive and constant to the derivative: a signed step does not see it.
 */
export const houdini: Loss = {
  labels: 'classes',
  isSigned: false,
  minClasses: 2,
  of: (ops, inputs) => houdiniLoss(ops, inputs, false),
};

/**
 * The same value with the gradient that the paper's released code writes by hand: where the prediction is right, g* counts
 * as a constant, so that the score of the true class is pushed down there too, by −φ(0).
 * Source: the released code of "Multitask Learning Strengthens Adversarial Robustness", ECCV 2020.
 */
export const houdiniOneSided: Loss = {
  labels: 'classes',
  isSigned: false,
  minClasses: 2,
  of: (ops, inputs) => houdiniLoss(ops, inputs, true),
};

function houdiniLoss<T extends Shaped>(ops: TensorOps<T>, inputs: LossInputs<T>, pushesRight: boolean): T {
  const scores = logProbabilities(ops, inputs);
  const classes = validClasses(ops, inputs);
  const right = ops.pickClass(scores, classes, inputs.classAxis);
  const wrong = ops.maxOtherClass(scores, classes, inputs.classAxis);
  const isWrong = ops.greater(wrong, right);
  const largest = ops.where(isWrong, wrong, pushesRight ? ops.stopGradient(right) : right);
  const gap = ops.mul(ops.sub(right, largest), ops.constant(Math.SQRT1_2));
  // 1 − Φ(d) = ½ (1 − erf(d / √2))
  const probability = ops.mul(ops.constant(0.5), ops.sub(ops.constant(1), ops.erf(gap)));
  return meanOverValid(ops, probability, inputs.valid);
}
