import { maskedQuotient } from '../masked-quotient.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Log`: Y = log X.
 *
 *   dX = dY / X
 *
 * Where dY is 0 the result is 0, whatever the slope: 0 · ∞ would be NaN.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Log.html
 */
export const log = unary((g, node, dY) => maskedQuotient(g, dY, node.input(0)));
