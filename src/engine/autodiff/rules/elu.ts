import { unary } from '../unary.js';

/**
 * Gradient of `Elu`: Y = X where X > 0, else α (eˣ − 1).
 *
 *   dX = dY where X > 0, else dY (Y + α)
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Elu.html
 */
export const elu = unary((g, node, dY) => {
  const slope = g.op('Add', [node.output(0), g.scalar(node.float('alpha', 1))]);
  return g.op('Where', [g.op('Greater', [node.input(0), g.scalar(0)]), dY, g.op('Mul', [dY, slope])]);
});
