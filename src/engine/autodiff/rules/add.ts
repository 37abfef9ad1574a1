import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Add`: Y = A + B.
 *
 *   dA = dY        dB = dY
 *
 * Shapes: A and B broadcast to Y; `pullback` sums dA and dB back to A and B.
 * Spec: https://onnx.ai/onnx/operators/onnx__Add.html
 */
export const add: GradientRule = {
  broadcasts: true,
  backward: (_, node) => [() => node.cotangent(0), () => node.cotangent(0)],
};
