import { unary } from '../unary.js';

/**
 * Gradient of `Sigmoid`: Y = 1 / (1 + e^−X).
 *
 *   dX = dY Y (1 − Y)
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Sigmoid.html
 */
export const sigmoid = unary((g, node, dY) => {
  const y = node.output(0);
  return g.op('Mul', [dY, g.op('Mul', [y, g.op('Sub', [g.scalar(1), y])])]);
});
