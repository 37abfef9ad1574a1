import { negate } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Reciprocal`: Y = 1 / X.
 *
 *   dX = −dY Y², 0 where X is 0
 *
 * There the slope is infinite, which no attack could use, and would turn into NaN on the way back.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Reciprocal.html
 */
export const reciprocal = unary((g, node, dY) => {
  const y = node.output(0);
  const slope = g.op('Mul', [g.op('Mul', [dY, y]), y]);
  return negate(g, g.op('Where', [g.op('Equal', [node.input(0), g.scalar(0)]), g.scalar(0), slope]));
});
