import { negate, where } from '../emit.js';
import { reduce } from '../reduce.js';

/**
 * Gradient of `ReduceL1`: Y = Σ |X| over some axes.
 *
 *   dX = dY sign X
 *
 * Shapes: Y and dY broadcast over X; X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ReduceL1.html
 */
export const reduceL1 = reduce((g, node, _, dY) => {
  const x = node.input(0);
  const positive = where(g, g.op('Greater', [x, g.scalar(0)]), dY);
  return g.op('Where', [g.op('Less', [x, g.scalar(0)]), negate(g, dY), positive]);
});
