import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `CastLike`: Y = X, in the type of another tensor.
 *
 *   dX = dY
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__CastLike.html
 */
export const castLike: GradientRule = { backward: (_, node) => [() => node.cotangent(0), undefined] };
