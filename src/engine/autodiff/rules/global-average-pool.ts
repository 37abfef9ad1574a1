import { sizeOf } from '../../tensor/shape.js';
import { expand, scale } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `GlobalAveragePool`: Y is the mean of X over all positions.
 *
 *   dX = dY / n
 *
 * Shapes: X [N, C, …], Y [N, C, 1, …], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html
 */
export const globalAveragePool = unary((g, node, dY) => {
  const { shape } = node.input(0);
  return expand(g, scale(g, dY, 1 / sizeOf(shape.slice(2))), shape);
});
