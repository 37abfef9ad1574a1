import { expand, SMALLEST_DIVISOR, where } from '../emit.js';
import { reduce } from '../reduce.js';

/**
 * Gradient of `ReduceLogSum`: Y = log Σ X over some axes.
 *
 *   dX = dY / e^Y, 0 where Σ X is 0 or too small to divide by
 *
 * There the slope is infinite, which no attack could use, and would turn into NaN on the way back.
 *
 * Shapes: Y and dY broadcast over X; X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ReduceLogSum.html
 */
export const reduceLogSum = reduce((g, node, y, dY) => {
  const sum = g.op('Exp', [y]);
  const isLarge = g.op('GreaterOrEqual', [sum, g.scalar(SMALLEST_DIVISOR)]);
  return expand(g, where(g, isLarge, g.op('Div', [dY, sum])), node.input(0).shape);
});
