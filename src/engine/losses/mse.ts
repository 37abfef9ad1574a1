import { type Loss, meanOverValid, validOutput } from './loss.js';

/**
 * Mean squared error of each example: L = mean over valid elements of (output − label)².
 * Range: [0, ∞), in the square of the label's unit. Shapes: output, labels and valid [N, …], L [N].
 */
export const mse: Loss = {
  labels: 'numbers',
  isSigned: false,
  minClasses: 0,
  of(ops, inputs) {
    const truth = ops.where(inputs.valid, inputs.labels, ops.constant(0));
    const error = ops.sub(validOutput(ops, inputs), truth);
    return meanOverValid(ops, ops.mul(error, error), inputs.valid);
  },
};
