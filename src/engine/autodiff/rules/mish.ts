import { unary } from '../unary.js';

/**
 * Gradient of `Mish`: Y = X tanh(softplus X).
 *
 *   dX = dY (t + X σ(X) (1 − t²)),  t = tanh(softplus X), σ the logistic function
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Mish.html
 */
export const mish = unary((g, node, dY) => {
  const x = node.input(0);
  const t = g.op('Tanh', [g.op('Softplus', [x])]);
  const slope = g.op('Mul', [x, g.op('Mul', [g.op('Sigmoid', [x]), g.op('Sub', [g.scalar(1), g.op('Mul', [t, t])])])]);
  return g.op('Mul', [dY, g.op('Add', [t, slope])]);
});
