import { unary } from '../unary.js';

/**
 * Gradient of `Cast` to a floating-point type: Y = X.
 *
 *   dX = dY
 *
 * A cast to whole numbers or truths is no rule's business: its derivative is 0. Cotangents are float32, whatever X is.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Cast.html
 */
export const cast = unary((_, __, dY) => dY);
