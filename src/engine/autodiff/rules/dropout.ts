import type { GradientRule } from '../gradient-rule.js';
import { onlyFirst } from '../unary.js';
import { unsupported } from '../unsupported.js';

/**
 * Gradient of `Dropout`: in inference Y = X.
 *
 *   dX = dY
 *
 * In training mode Y is random, and it is refused, but where it drops nothing (some exporters leave that behind).
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Dropout.html
 */
export const dropout: GradientRule = {
  backward(_, node) {
    const isTraining = node.hasInput(2) && node.numbers(2)?.[0] !== 0;
    const dropsNothing = node.hasInput(1) && node.numbers(1)?.[0] === 0;
    if (isTraining && !dropsNothing) throw unsupported(node, 'training_mode true');
    return onlyFirst(node, () => node.cotangent(0));
  },
};
