import { zeros } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `GatherElements`: along an axis, Y[…, i, …] = X[…, indices[…, i, …], …].
 *
 *   dX = 0, with each element of dY added where it came from
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__GatherElements.html
 */
export const gatherElements = unary((g, node, dY) =>
  g.op('ScatterElements', [zeros(g, node.input(0).shape), node.input(1), dY], {
    axis: node.int('axis', 0),
    reduction: 'add',
  }),
);
