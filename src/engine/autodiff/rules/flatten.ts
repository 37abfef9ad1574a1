import { reshaping } from '../reshaping.js';

/**
 * Gradient of `Flatten`: Y is the elements of X as a matrix.
 *
 *   dX = dY in the shape of X
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Flatten.html
 */
export const flatten = reshaping;
