import { unary } from '../unary.js';

/**
 * Gradient of `Dropout`: in inference Y = X.
 *
 *   dX = dY
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Dropout.html
 */
export const dropout = unary((_, __, dY) => dY);
