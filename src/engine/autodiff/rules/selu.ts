import { scale } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Selu`: Y = γ X where X > 0, else γ α (eˣ − 1).
 *
 *   dX = γ dY where X > 0, else dY (Y + γ α)
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Selu.html
 */
export const selu = unary((g, node, dY) => {
  const gamma = node.float('gamma', 1.0507009873554805);
  const alpha = node.float('alpha', 1.6732632423543772);
  const slope = g.op('Add', [node.output(0), g.scalar(gamma * alpha)]);
  return g.op('Where', [g.op('Greater', [node.input(0), g.scalar(0)]), scale(g, dY, gamma), g.op('Mul', [dY, slope])]);
});
