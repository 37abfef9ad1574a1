import { scale, where } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Sqrt`: Y = √X.
 *
 *   dX = dY / 2Y, 0 where X is 0
 *
 * There the slope is infinite, which no attack could use, and would turn into NaN on the way back.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Sqrt.html
 */
export const sqrt = unary((g, node, dY) => {
  const y = node.output(0);
  return where(g, g.op('Greater', [y, g.scalar(0)]), g.op('Div', [scale(g, dY, 0.5), y]));
});
