import { negate, oneMinusSquare, where } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Acos`: Y = arccos X.
 *
 *   dX = −dY / √(1 − X²), 0 where |X| ≥ 1
 *
 * There the slope is infinite, which no attack could use, and would turn into NaN on the way back.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Acos.html
 */
export const acos = unary((g, node, dY) => {
  const square = oneMinusSquare(g, node.input(0));
  return where(g, g.op('Greater', [square, g.scalar(0)]), negate(g, g.op('Div', [dY, g.op('Sqrt', [square])])));
});
