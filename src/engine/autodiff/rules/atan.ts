import { unary } from '../unary.js';

/**
 * Gradient of `Atan`: Y = arctan X.
 *
 *   dX = dY / (1 + X²)
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Atan.html
 */
export const atan = unary((g, node, dY) => {
  const x = node.input(0);
  return g.op('Div', [dY, g.op('Add', [g.scalar(1), g.op('Mul', [x, x])])]);
});
