import { scale, where } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `HardSigmoid`: Y = max(0, min(1, α X + β)).
 *
 *   dX = α dY where 0 < Y < 1, else 0
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__HardSigmoid.html
 */
export const hardSigmoid = unary((g, node, dY) => {
  const y = node.output(0);
  const isBetween = g.op('And', [g.op('Greater', [y, g.scalar(0)]), g.op('Less', [y, g.scalar(1)])]);
  return where(g, isBetween, scale(g, dY, node.float('alpha', 0.2)));
});
