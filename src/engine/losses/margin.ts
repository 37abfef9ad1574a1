import { type Loss, meanOverValid, validClasses, validOutput } from './loss.js';

/**
 * Margin by which the best wrong class wins, for each example: with scores z and label y,
 *
 *   L = mean over valid positions of max_{j ≠ y} z[j] − z[y]
 *
 * Range: (−∞, ∞); of one position it is > 0 exactly where the prediction is wrong. z is the output as it is, so that a
 * saturated softmax is what the attack sees. Shapes: output [N, C, …] for class axis 1, labels and valid [N, …], L [N].
 * Source: Carlini and Wagner, "Towards Evaluating the Robustness of Neural Networks", 2017, f₆ without its clamp
 * (arXiv:1608.04644).
 */
export const margin: Loss = {
  labels: 'classes',
  isSigned: true,
  minClasses: 2,
  of(ops, inputs) {
    const output = validOutput(ops, inputs);
    const classes = validClasses(ops, inputs);
    const wrong = ops.maxOtherClass(output, classes, inputs.classAxis);
    const right = ops.pickClass(output, classes, inputs.classAxis);
    return meanOverValid(ops, ops.sub(wrong, right), inputs.valid);
  },
};
