import { sizeOf } from '../../tensor/shape.js';
import { reshape } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `MaxUnpool`: Y is 0, with each element of X at its index.
 *
 *   dX = the elements of dY at the indices
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__MaxUnpool.html
 */
export const maxUnpool = unary((g, node, dY) => {
  const indices = node.input(1);
  // Indices count over the whole tensor, batch and channels included.
  const flat = reshape(g, dY, [sizeOf(dY.shape)]);
  return reshape(g, g.op('Gather', [flat, reshape(g, indices, [sizeOf(indices.shape)])]), indices.shape);
});
