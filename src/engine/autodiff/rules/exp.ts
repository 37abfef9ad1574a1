import { finite } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Exp`: Y = eˣ.
 *
 *   dX = dY Y
 *
 * Where Y is ∞, because a branch that is not taken overflows, dX is 0 with dY.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Exp.html
 */
export const exp = unary((g, node, dY) => g.op('Mul', [dY, finite(g, node.output(0))]));
