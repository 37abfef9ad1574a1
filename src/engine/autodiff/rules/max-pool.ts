import { sizeOf } from '../../tensor/shape.js';
import { reshape, zeros } from '../emit.js';
import { unary } from '../unary.js';
import { windowOf } from '../window.js';

/**
 * Gradient of `MaxPool`: Y is the largest element of X under each window.
 *
 *   dX = 0, with each element of dY added at the first of the largest elements
 *
 * The pool runs once more for the indices: a pool that is asked for them leaves the blocked layout.
 *
 * Shapes: X [N, C, …], Y [N, C, …], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__MaxPool.html
 */
export const maxPool = unary((g, node, dY) => {
  const x = node.input(0);
  const { kernel, strides, dilations, pads } = windowOf(
    node,
    node.ints('kernel_shape'),
    x.shape.slice(2),
    node.output(0).shape.slice(2),
  );
  const attributes = { kernel_shape: kernel, strides, dilations, pads, ceil_mode: node.int('ceil_mode', 0) };
  const [, indices] = g.ops('MaxPool', [x], attributes, 2) as [typeof x, typeof x];
  // Indices count over the whole tensor, batch and channels included.
  const flat = reshape(g, dY, [sizeOf(dY.shape)]);
  const positions = reshape(g, indices, [sizeOf(dY.shape)]);
  const scattered = g.op('ScatterElements', [zeros(g, [sizeOf(x.shape)]), positions, flat], {
    axis: 0,
    reduction: 'add',
  });
  return reshape(g, scattered, x.shape);
});
