import { negate } from '../emit.js';
import { maskedQuotient } from '../masked-quotient.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Reciprocal`: Y = 1 / X.
 *
 *   dX = −dY / X²
 *
 * Where dY is 0 the result is 0, whatever the slope: 0 · ∞ would be NaN.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Reciprocal.html
 */
export const reciprocal = unary((g, node, dY) =>
  negate(g, maskedQuotient(g, dY, g.op('Mul', [node.input(0), node.input(0)]))),
);
