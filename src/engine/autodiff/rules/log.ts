import { SMALLEST_DIVISOR, where } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Log`: Y = log X.
 *
 *   dX = dY / X, 0 where X is 0 or too small to divide by
 *
 * There the slope is infinite, which no attack could use, and would turn into NaN on the way back: so it is where a softmax
 * has underflowed.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Log.html
 */
export const log = unary((g, node, dY) => {
  const x = node.input(0);
  return where(g, g.op('GreaterOrEqual', [x, g.scalar(SMALLEST_DIVISOR)]), g.op('Div', [dY, x]));
});
