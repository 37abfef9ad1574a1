import { where } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Shrink`: Y = X + b where X < −λ, X − b where X > λ, else 0.
 *
 *   dX = dY where |X| > λ, else 0
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Shrink.html
 */
export const shrink = unary((g, node, dY) => {
  const [x, lambda] = [node.input(0), node.float('lambd', 0.5)];
  const below = where(g, g.op('Less', [x, g.scalar(-lambda)]), dY);
  return g.op('Where', [g.op('Greater', [x, g.scalar(lambda)]), dY, below]);
});
