import { unary } from '../unary.js';

/**
 * Gradient of `Asinh`: Y = arsinh X.
 *
 *   dX = dY / √(X² + 1)
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Asinh.html
 */
export const asinh = unary((g, node, dY) => {
  const x = node.input(0);
  return g.op('Div', [dY, g.op('Sqrt', [g.op('Add', [g.op('Mul', [x, x]), g.scalar(1)])])]);
});
