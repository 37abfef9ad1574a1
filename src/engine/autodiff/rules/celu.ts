import { unary } from '../unary.js';

/**
 * Gradient of `Celu`: Y = max(X, 0) + min(0, α (e^(X/α) − 1)).
 *
 *   dX = dY where X > 0, else dY (Y + α) / α
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Celu.html
 */
export const celu = unary((g, node, dY) => {
  const alpha = node.float('alpha', 1);
  const slope = g.op('Div', [g.op('Add', [node.output(0), g.scalar(alpha)]), g.scalar(alpha)]);
  return g.op('Where', [g.op('Greater', [node.input(0), g.scalar(0)]), dY, g.op('Mul', [dY, slope])]);
});
