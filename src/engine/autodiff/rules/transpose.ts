import { transpose as permute, range } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Transpose`: axis i of Y is axis perm[i] of X.
 *
 *   dX = Transpose(dY) by the inverse permutation
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Transpose.html
 */
export const transpose = unary((g, node, dY) => {
  const rank = node.input(0).shape.length;
  const perm = node.ints('perm', range(rank).toReversed());
  return permute(
    g,
    dY,
    range(rank).map((axis) => perm.indexOf(axis)),
  );
});
