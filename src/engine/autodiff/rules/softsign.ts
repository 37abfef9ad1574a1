import { unary } from '../unary.js';

/**
 * Gradient of `Softsign`: Y = X / (1 + |X|).
 *
 *   dX = dY / (1 + |X|)²
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Softsign.html
 */
export const softsign = unary((g, node, dY) => {
  const denominator = g.op('Add', [g.scalar(1), g.op('Abs', [node.input(0)])]);
  return g.op('Div', [dY, g.op('Mul', [denominator, denominator])]);
});
