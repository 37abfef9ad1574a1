import { unary } from '../unary.js';

/**
 * Gradient of `Softplus`: Y = log(1 + eˣ).
 *
 *   dX = dY / (1 + e^−X)
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Softplus.html
 */
export const softplus = unary((g, node, dY) => g.op('Mul', [dY, g.op('Sigmoid', [node.input(0)])]));
