import { type Loss, meanOverValid, validClasses, validOutput } from './loss.js';

/** Keeps the quotient finite where all logits are equal. */
const TINY = 1e-12;

/**
 * Difference of logits ratio, for each example: with logits z, label y and π₁, π₂, π₃ the three largest,
 *
 *   L = mean over valid positions of −(z[y] − max_{j ≠ y} z[j]) / (z[π₁] − z[π₃])
 *
 * Invariant to shift and scale of the logits. Range: [−1, 1] where y is among the three, else up to ∞. Needs at least 3
 * classes. Shapes: output [N, C, …] for class axis 1, labels and valid [N, …], L [N].
 * Source: Croce and Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free
 * attacks", ICML 2020, equation 6 (arXiv:2003.01690).
 */
export const dlr: Loss = {
  labels: 'classes',
  isSigned: true,
  minClasses: 3,
  of(ops, inputs) {
    const output = validOutput(ops, inputs);
    const classes = validClasses(ops, inputs);
    const wrong = ops.maxOtherClass(output, classes, inputs.classAxis);
    const right = ops.pickClass(output, classes, inputs.classAxis);
    const [first = wrong, , third = wrong] = ops.topClasses(output, 3, inputs.classAxis);
    const range = ops.add(ops.sub(first, third), ops.constant(TINY));
    return meanOverValid(ops, ops.div(ops.sub(wrong, right), range), inputs.valid);
  },
};
