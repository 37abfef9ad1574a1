import { scale } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Swish`: Y = X σ(α X), σ the logistic function.
 *
 *   dX = dY (s + α Y (1 − s)),  s = σ(α X)
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Swish.html
 */
export const swish = unary((g, node, dY) => {
  const alpha = node.float('alpha', 1);
  const s = g.op('Sigmoid', [scale(g, node.input(0), alpha)]);
  const bend = g.op('Mul', [scale(g, node.output(0), alpha), g.op('Sub', [g.scalar(1), s])]);
  return g.op('Mul', [dY, g.op('Add', [s, bend])]);
});
