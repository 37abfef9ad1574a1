import { type Loss, meanOverValid, validOutput } from './loss.js';

/**
 * Mean absolute error of each example: L = mean over valid elements of |output − label|, with derivative 0 where they
 * are equal. Range: [0, ∞), in the unit of the label. Shapes: output, labels and valid [N, …], L [N].
 */
export const l1: Loss = {
  labels: 'numbers',
  isSigned: false,
  minClasses: 0,
  of(ops, inputs) {
    const truth = ops.where(inputs.valid, inputs.labels, ops.constant(0));
    return meanOverValid(ops, ops.abs(ops.sub(validOutput(ops, inputs), truth)), inputs.valid);
  },
};
