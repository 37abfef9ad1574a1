import { scale } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Mean`: Y = (A₁ + … + Aₙ) / n.
 *
 *   dAᵢ = dY / n
 *
 * Shapes: all Aᵢ broadcast to Y; `pullback` sums back to each.
 * Spec: https://onnx.ai/onnx/operators/onnx__Mean.html
 */
export const mean: GradientRule = {
  broadcasts: true,
  backward: (g, node) =>
    Array.from({ length: node.inputCount }, () => () => scale(g, node.cotangent(0), 1 / node.inputCount)),
};
