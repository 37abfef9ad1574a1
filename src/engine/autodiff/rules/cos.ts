import { negate } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Cos`: Y = cos X.
 *
 *   dX = −dY sin X
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Cos.html
 */
export const cos = unary((g, node, dY) => negate(g, g.op('Mul', [dY, g.op('Sin', [node.input(0)])])));
