import { finite } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Cosh`: Y = cosh X.
 *
 *   dX = dY sinh X
 *
 * Where the slope is ∞, because a branch that is not taken overflows, dX is 0 with dY.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Cosh.html
 */
export const cosh = unary((g, node, dY) => g.op('Mul', [dY, finite(g, g.op('Sinh', [node.input(0)]))]));
