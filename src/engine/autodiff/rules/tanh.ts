import { unary } from '../unary.js';

/**
 * Gradient of `Tanh`: Y = tanh X.
 *
 *   dX = dY (1 − Y²)
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Tanh.html
 */
export const tanh = unary((g, node, dY) => {
  const y = node.output(0);
  return g.op('Mul', [dY, g.op('Sub', [g.scalar(1), g.op('Mul', [y, y])])]);
});
