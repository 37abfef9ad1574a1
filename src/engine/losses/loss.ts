import type { Shaped } from '../tensor/shape.js';
import type { TensorOps } from '../tensor/tensor-ops.js';

/** What a loss compares, for one task of a batch of N examples. */
export interface LossInputs<T> {
  /** The task's output, e.g. logits of shape [N, C, H, W]. */
  readonly output: T;
  /** Axis of `output` that holds the classes, at least 1; losses of numbers do not read it. */
  readonly classAxis: number;
  /** What the model has already applied to its logits. */
  readonly activation: 'none' | 'softmax' | 'sigmoid';
  /** The truth: classes of shape [N, H, W] (`output`'s without the class axis), or numbers of `output`'s shape. */
  readonly labels: T;
  /** 1 where a label counts, 0 where it is missing or ignored; shape of `labels`. */
  readonly valid: T;
  /** Weight of each class, for cross-entropy; `undefined` weighs all alike. */
  readonly classWeights: readonly number[] | undefined;
}

/**
 * The loss of each example, shape [N]: the worse the output, the larger; 0 for an example without a valid label.
 * Written once, over `TensorOps`: how it is computed, and its derivative, come from the interpreter.
 */
export type LossFunction = <T extends Shaped>(ops: TensorOps<T>, inputs: LossInputs<T>) => T;

export interface Loss {
  /** What its labels are: classes (one per position), one bit per class, or numbers. */
  readonly labels: 'classes' | 'bits' | 'numbers';
  /** Whether it can be negative; `balanced` objectives divide by the loss, which must not. */
  readonly isSigned: boolean;
  /** Fewest classes that it is defined for. */
  readonly minClasses: number;
  readonly of: LossFunction;
}

/**
 * The mean of each example's `values` over its valid positions, shape [N]; 0 where it has none.
 * A position is left out by selection, never by a factor 0: it may hold ∞ or NaN.
 */
export function meanOverValid<T extends Shaped>(ops: TensorOps<T>, values: T, valid: T): T {
  return weightedMeanOverValid(ops, values, ops.constant(1), valid);
}

/** Σ w v / Σ w over the valid positions of each example, shape [N]; 0 where Σ w is 0. `weights` broadcasts to `valid`. */
export function weightedMeanOverValid<T extends Shaped>(ops: TensorOps<T>, values: T, weights: T, valid: T): T {
  const zero = ops.constant(0);
  const positions = valid.shape.map((_, axis) => axis).slice(1);
  const total = ops.sum(ops.where(valid, ops.mul(values, weights), zero), positions);
  const weight = ops.sum(ops.where(valid, weights, zero), positions);
  const isEmpty = ops.sub(ops.constant(1), ops.greater(weight, zero));
  return ops.div(total, ops.where(isEmpty, ops.constant(1), weight));
}

/**
 * `output` with 0 wherever no label counts, so that ∞ or NaN there reaches neither the loss nor its derivative.
 * `valid` has `output`'s shape, or that without the class axis.
 */
export function validOutput<T extends Shaped>(ops: TensorOps<T>, { output, classAxis, valid }: LossInputs<T>): T {
  const isPerClass = valid.shape.length < output.shape.length;
  const mask = isPerClass ? ops.reshape(valid, withAxis(valid.shape, classAxis)) : valid;
  return ops.where(mask, output, ops.constant(0));
}

const withAxis = (shape: readonly number[], axis: number): readonly number[] => shape.toSpliced(axis, 0, 1);

/** Labels with class 0 wherever none counts: what is ignored, often 255, need not be a class. */
export function validClasses<T extends Shaped>(ops: TensorOps<T>, { labels, valid }: LossInputs<T>): T {
  return ops.where(valid, labels, ops.constant(0));
}

/** Probabilities below this one are taken for it: their logarithm stays finite. */
const SMALLEST = 1e-30;

/** log p of each class, whatever the model has already applied; shape of `output`. */
export function logProbabilities<T extends Shaped>(ops: TensorOps<T>, inputs: LossInputs<T>): T {
  const output = validOutput(ops, inputs);
  if (inputs.activation === 'none') return ops.logSoftmax(output, inputs.classAxis);
  return ops.log(ops.maximum(output, ops.constant(SMALLEST)));
}
