import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Expand`: Y is X, broadcast to a shape.
 *
 *   dX = dY, summed over the axes along which X was stretched
 *
 * Shapes: `pullback` sums dX back to X.
 * Spec: https://onnx.ai/onnx/operators/onnx__Expand.html
 */
export const expand: GradientRule = {
  broadcasts: true,
  backward: (_, node) => [() => node.cotangent(0), undefined],
};
