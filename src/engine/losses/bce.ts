import { type Loss, meanOverValid, validOutput } from './loss.js';

/** Probabilities closer than this to 0 or 1 are taken for that close: their logarithm stays finite. */
const SMALLEST = 1e-7;

/**
 * Binary cross-entropy of each example, in nats: with logit z and label y in [0, 1],
 *
 *   L = mean over valid positions of max(z, 0) − z y + log(1 + e^−|z|)
 *
 * or of −y log p − (1 − y) log(1 − p) where the model has applied the sigmoid. Range: [0, ∞).
 * Shapes: output, labels and valid [N, …], L [N].
 * Source: as PyTorch's BCEWithLogitsLoss, averaged over each example.
 */
export const bce: Loss = {
  labels: 'bits',
  isSigned: false,
  minClasses: 1,
  of(ops, inputs) {
    const { activation, labels, valid } = inputs;
    const zero = ops.constant(0);
    const one = ops.constant(1);
    const output = validOutput(ops, inputs);
    const truth = ops.where(valid, labels, zero);
    if (activation === 'none') {
      const softplus = ops.log(ops.add(one, ops.exp(ops.sub(zero, ops.abs(output)))));
      const linear = ops.sub(ops.maximum(output, zero), ops.mul(output, truth));
      return meanOverValid(ops, ops.add(linear, softplus), valid);
    }
    const smallest = ops.constant(SMALLEST);
    const positive = ops.mul(truth, ops.log(ops.maximum(output, smallest)));
    const negative = ops.mul(ops.sub(one, truth), ops.log(ops.maximum(ops.sub(one, output), smallest)));
    return meanOverValid(ops, ops.sub(zero, ops.add(positive, negative)), valid);
  },
};
