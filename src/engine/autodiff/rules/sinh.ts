import { finite } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Sinh`: Y = sinh X.
 *
 *   dX = dY cosh X
 *
 * Where the slope is ∞, because a branch that is not taken overflows, dX is 0 with dY.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Sinh.html
 */
export const sinh = unary((g, node, dY) => g.op('Mul', [dY, finite(g, g.op('Cosh', [node.input(0)]))]));
