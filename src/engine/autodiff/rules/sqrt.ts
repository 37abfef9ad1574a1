import { scale } from '../emit.js';
import { maskedQuotient } from '../masked-quotient.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Sqrt`: Y = √X.
 *
 *   dX = dY / 2Y
 *
 * Where dY is 0 the result is 0, whatever the slope: 0 · ∞ would be NaN.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Sqrt.html
 */
export const sqrt = unary((g, node, dY) => maskedQuotient(g, scale(g, dY, 0.5), node.output(0)));
