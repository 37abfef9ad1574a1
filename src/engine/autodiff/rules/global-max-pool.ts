import { DATA_TYPES } from '../../onnx/data-types.js';
import { range, sumOver, where } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `GlobalMaxPool`: Y is the largest element of X over all positions.
 *
 *   dX = dY / k at the k elements that equal Y, else 0
 *
 * Shapes: X [N, C, …], Y [N, C, 1, …], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html
 */
export const globalMaxPool = unary((g, node, dY) => {
  const x = node.input(0);
  const isLargest = g.op('Equal', [x, node.output(0)]);
  const count = sumOver(g, g.op('Cast', [isLargest], { to: DATA_TYPES.float32 }), range(x.shape.length).slice(2));
  return where(g, isLargest, g.op('Div', [dY, count]));
});
