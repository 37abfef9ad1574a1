import { zeros } from '../emit.js';
import { unary } from '../unary.js';
import { unsupported } from '../unsupported.js';

/**
 * Gradient of `GatherND`: Y holds the slices of X that index tuples name.
 *
 *   dX = 0, with each slice of dY added where it came from
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__GatherND.html
 */
export const gatherNd = unary((g, node, dY) => {
  const batchAxes = node.int('batch_dims', 0);
  if (batchAxes !== 0) throw unsupported(node, `batch_dims ${batchAxes}`);
  return g.op('ScatterND', [zeros(g, node.input(0).shape), node.input(1), dY], { reduction: 'add' });
});
