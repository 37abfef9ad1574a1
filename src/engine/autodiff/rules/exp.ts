import { unary } from '../unary.js';

/**
 * Gradient of `Exp`: Y = eˣ.
 *
 *   dX = dY Y
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Exp.html
 */
export const exp = unary((g, node, dY) => g.op('Mul', [dY, node.output(0)]));
