import { unary } from '../unary.js';

/**
 * Gradient of `Identity`: Y = X.
 *
 *   dX = dY
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Identity.html
 */
export const identity = unary((_, __, dY) => dY);
