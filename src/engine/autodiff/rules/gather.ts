import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { axisOf, range, reshape, zeros } from '../emit.js';
import type { BackwardNode } from '../gradient-rule.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Gather`: along an axis, Y holds the slices of X that the indices name.
 *
 *   dX = 0, with each slice of dY added where it came from
 *
 * Indices that are a permutation, as in a channel shuffle, are gathered back by the inverse one.
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Gather.html
 */
export const gather = unary((g, node, dY) => {
  const axis = axisOf(node.int('axis', 0), node.input(0).shape.length);
  const length = node.input(0).shape[axis] as number;
  const indices = node.constant(1) && (node.numbers(1) ?? []).map((index) => (index < 0 ? index + length : index));
  if (indices !== undefined && isPermutation(indices, length) && node.input(1).shape.length === 1) {
    return g.op('Gather', [dY, g.integers(range(length).map((i) => indices.indexOf(i)))], { axis });
  }
  return scattered(g, node, dY, axis, length);
});

const isPermutation = (indices: readonly number[], length: number): boolean =>
  indices.length === length && new Set(indices).size === length;

function scattered(g: GraphBuilder, node: BackwardNode, dY: Value, axis: number, length: number): Value {
  const { shape } = node.input(0);
  const indices = node.input(1);
  const count = indices.shape.reduce((product, n) => product * n, 1);
  // Bring the axes of the indices together, so that each line of dY has one index per element.
  const flat = reshape(g, dY, shape.with(axis, count));
  const column = range(shape.length).map((other) => (other === axis ? count : 1));
  const wide = indices.dataType === 'int64' ? indices : g.op('Cast', [indices], { to: 7 });
  const positive = g.op('Where', [
    g.op('Less', [wide, g.integers([0])]),
    g.op('Add', [wide, g.integers([length])]),
    wide,
  ]);
  const expanded = g.op('Expand', [reshape(g, positive, column), g.integers(flat.shape)]);
  return g.op('ScatterElements', [zeros(g, shape), expanded, flat], { axis, reduction: 'add' });
}
