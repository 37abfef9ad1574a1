import { reshaping } from '../reshaping.js';

/**
 * Gradient of `Reshape`: Y is the elements of X in another shape.
 *
 *   dX = dY in the shape of X
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Reshape.html
 */
export const reshape = reshaping;
