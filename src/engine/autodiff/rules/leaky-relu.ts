import { scale } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `LeakyRelu`: Y = X where X ≥ 0, else α X.
 *
 *   dX = dY where X > 0, else α dY
 *
 * With α > 0 the mask reads Y, which has the sign of X and leaves the operator fused with the Conv before it.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__LeakyRelu.html
 */
export const leakyRelu = unary((g, node, dY) => {
  const alpha = node.float('alpha', 0.01);
  const sign = alpha > 0 ? node.output(0) : node.input(0);
  return g.op('Where', [g.op('Greater', [sign, g.scalar(0)]), dY, scale(g, dY, alpha)]);
});
