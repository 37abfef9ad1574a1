import { DATA_TYPES } from '../../onnx/data-types.js';
import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { sizeOf } from '../../tensor/shape.js';
import { axisOf, placed, range, reshape, zeros } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Gather`: along an axis, Y holds the slices of X that the indices name.
 *
 *   dX = 0, with each slice of dY added where it came from
 *
 * Constant indices have cheaper forms: one after another, as where heads are split, they are a pad; without repetition, as in a
 * channel shuffle, they are gathered back.
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Gather.html
 */
export const gather = unary((g, node, dY) => {
  const { shape } = node.input(0);
  const axis = axisOf(node.int('axis', 0), shape.length);
  const length = shape[axis] as number;
  // Bring the axes of the indices together: one slice of dY for each.
  const slices = reshape(g, dY, shape.with(axis, sizeOf(node.input(1).shape)));
  const constant = node.constant(1) && node.numbers(1);
  const indices = constant?.map((index) => (index < 0 ? index + length : index));
  const [first = 0] = indices ?? [];
  if (indices?.every((index, i) => index === first + i)) return placed(g, slices, axis, first, length);
  if (indices && new Set(indices).size === indices.length) return gatheredBack(g, slices, axis, indices, length);
  return scattered(g, slices, axis, node.input(1), shape);
});

function gatheredBack(g: GraphBuilder, slices: Value, axis: number, indices: readonly number[], length: number): Value {
  const count = indices.length;
  // Behind the slices comes one of zeros, for what no index names.
  const source = count === length ? slices : placed(g, slices, axis, 0, count + 1);
  const inverse = range(length).map(() => count);
  for (const [i, index] of indices.entries()) inverse[index] = i;
  return g.op('Gather', [source, g.integers(inverse)], { axis });
}

function scattered(g: GraphBuilder, slices: Value, axis: number, indices: Value, shape: readonly number[]): Value {
  const column = shape.map((_, other) => (other === axis ? (slices.shape[axis] as number) : 1));
  const wide = indices.dataType === 'int64' ? indices : g.op('Cast', [indices], { to: DATA_TYPES.int64 });
  const expanded = g.op('Expand', [reshape(g, wide, column), g.integers(slices.shape)]);
  return g.op('ScatterElements', [zeros(g, shape), expanded, slices], { axis, reduction: 'add' });
}
