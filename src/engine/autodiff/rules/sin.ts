import { unary } from '../unary.js';

/**
 * Gradient of `Sin`: Y = sin X.
 *
 *   dX = dY cos X
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Sin.html
 */
export const sin = unary((g, node, dY) => g.op('Mul', [dY, g.op('Cos', [node.input(0)])]));
