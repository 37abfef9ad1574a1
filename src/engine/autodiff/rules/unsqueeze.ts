import { reshaping } from '../reshaping.js';

/**
 * Gradient of `Unsqueeze`: Y is X with axes of length 1 more.
 *
 *   dX = dY in the shape of X
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Unsqueeze.html
 */
export const unsqueeze = reshaping;
