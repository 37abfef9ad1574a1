import { negate, oneMinusSquare, where } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Acosh`: Y = arcosh X.
 *
 *   dX = dY / √(X² − 1), 0 where X ≤ 1
 *
 * There the slope is infinite, which no attack could use, and would turn into NaN on the way back.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Acosh.html
 */
export const acosh = unary((g, node, dY) => {
  const x = node.input(0);
  const square = negate(g, oneMinusSquare(g, x));
  return where(g, g.op('Greater', [x, g.scalar(1)]), g.op('Div', [dY, g.op('Sqrt', [square])]));
});
