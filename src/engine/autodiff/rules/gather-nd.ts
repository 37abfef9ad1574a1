import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { int64Tensor } from '../../onnx/tensor-value.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import { range, zeros } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `GatherND`: Y holds the slices of X that index tuples name, within each element of the batch axes.
 *
 *   dX = 0, with each slice of dY added where it came from
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__GatherND.html
 */
export const gatherNd = unary((g, node, dY) => {
  const { shape } = node.input(0);
  const indices = withBatch(g, node.input(1), shape.slice(0, node.int('batch_dims', 0)));
  return g.op('ScatterND', [zeros(g, shape), indices, dY], { reduction: 'add' });
});

/** The same tuples with the place in the batch before them: `ScatterND` has no batch axes. */
function withBatch(g: GraphBuilder, indices: Value, batch: Shape): Value {
  if (batch.length === 0) return indices;
  const tuples = indices.shape.slice(0, -1);
  const places = range(sizeOf(batch)).flatMap((flat) => placeOf(flat, batch));
  const ones = tuples.slice(batch.length).map(() => 1);
  const place = g.constant(int64Tensor(places, [...batch, ...ones, batch.length]));
  const expanded = g.op('Expand', [place, g.integers([...tuples, batch.length])]);
  return g.op('Concat', [expanded, indices], { axis: tuples.length });
}

/** Index along each axis of the element at `flat`. */
const placeOf = (flat: number, shape: Shape): readonly number[] =>
  shape.map((length, axis) => Math.floor(flat / sizeOf(shape.slice(axis + 1))) % length);
