import { scale, where } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `HardSwish`: Y = X max(0, min(1, X/6 + ½)).
 *
 *   dX = 0 where X ≤ −3, dY where X ≥ 3, else dY (X/3 + ½)
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__HardSwish.html
 */
export const hardSwish = unary((g, node, dY) => {
  const x = node.input(0);
  const slope = g.op('Add', [scale(g, x, 1 / 3), g.scalar(0.5)]);
  const inner = g.op('Where', [g.op('GreaterOrEqual', [x, g.scalar(3)]), dY, g.op('Mul', [dY, slope])]);
  return where(g, g.op('Greater', [x, g.scalar(-3)]), inner);
});
