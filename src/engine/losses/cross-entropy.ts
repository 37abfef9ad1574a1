import { type Loss, logProbabilities, validClasses, weightedMeanOverValid } from './loss.js';

/**
 * Cross-entropy of each example, in nats: with log-probabilities ℓ, label y and class weights ω,
 *
 *   L = −Σ ω[y] ℓ[y] / Σ ω[y]  over valid positions
 *
 * Range: [0, ∞). Shapes: output [N, C, …] for class axis 1, labels and valid [N, …], L [N].
 * Source: as PyTorch's CrossEntropyLoss with `weight` and `ignore_index`, but averaged over each example instead of the
 * batch, and 0 instead of NaN where nothing is valid.
 */
export const crossEntropy: Loss = {
  labels: 'classes',
  isSigned: false,
  minClasses: 2,
  of(ops, inputs) {
    const classes = validClasses(ops, inputs);
    const logLikelihood = ops.pickClass(logProbabilities(ops, inputs), classes, inputs.classAxis);
    const loss = ops.sub(ops.constant(0), logLikelihood);
    const weights = inputs.classWeights ? ops.lookUp(inputs.classWeights, classes) : ops.constant(1);
    return weightedMeanOverValid(ops, loss, weights, inputs.valid);
  },
};
