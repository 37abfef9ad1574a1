import { unary } from '../unary.js';

/**
 * Gradient of `Tan`: Y = tan X.
 *
 *   dX = dY (1 + Y²)
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Tan.html
 */
export const tan = unary((g, node, dY) => {
  const y = node.output(0);
  return g.op('Mul', [dY, g.op('Add', [g.scalar(1), g.op('Mul', [y, y])])]);
});
