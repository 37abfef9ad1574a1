import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Sum`: Y = A₁ + A₂ + …
 *
 *   dAᵢ = dY
 *
 * Shapes: all Aᵢ broadcast to Y; `pullback` sums back to each.
 * Spec: https://onnx.ai/onnx/operators/onnx__Sum.html
 */
export const sum: GradientRule = {
  broadcasts: true,
  backward: (_, node) => Array.from({ length: node.inputCount }, () => () => node.cotangent(0)),
};
