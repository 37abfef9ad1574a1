import type { GradientRule } from '../gradient-rule.js';
import { onlyFirst } from '../unary.js';
import { unsupported } from '../unsupported.js';

/**
 * Gradient of `Dropout`: in inference Y = X.
 *
 *   dX = dY
 *
 * In training mode, where Y is random, it is refused.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Dropout.html
 */
export const dropout: GradientRule = {
  backward(_, node) {
    if (node.hasInput(2) && node.numbers(2)?.[0] !== 0) throw unsupported(node, 'training_mode true');
    return onlyFirst(node, () => node.cotangent(0));
  },
};
