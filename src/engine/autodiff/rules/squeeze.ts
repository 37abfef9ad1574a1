import { reshaping } from '../reshaping.js';

/**
 * Gradient of `Squeeze`: Y is X without axes of length 1.
 *
 *   dX = dY in the shape of X
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Squeeze.html
 */
export const squeeze = reshaping;
