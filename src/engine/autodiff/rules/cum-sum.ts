import { unary } from '../unary.js';

/**
 * Gradient of `CumSum`: Y[i] = Σ_{j ≤ i} X[j] along an axis.
 *
 *   dX = the sums of dY the other way round
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__CumSum.html
 */
export const cumSum = unary((g, node, dY) =>
  g.op('CumSum', [dY, node.input(1)], { reverse: 1 - node.int('reverse', 0), exclusive: node.int('exclusive', 0) }),
);
