import { negate } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Neg`: Y = −X.
 *
 *   dX = −dY
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Neg.html
 */
export const neg = unary((g, _, dY) => negate(g, dY));
