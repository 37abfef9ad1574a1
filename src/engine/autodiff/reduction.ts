import type { Shape } from '../tensor/shape.js';
import { axisOf, range } from './emit.js';
import type { ForwardNode } from './gradient-rule.js';

/** Axes that a reduction sums over. */
export function reducedAxes(node: ForwardNode): readonly number[] {
  const rank = node.input(0).shape.length;
  const given = node.hasInput(1) ? (node.numbers(1) ?? []) : [];
  if (given.length > 0) return given.map((axis) => axisOf(axis, rank));
  return node.int('noop_with_empty_axes', 0) === 1 ? [] : range(rank);
}

/** Shape of the input with length 1 along the reduced axes: what its output broadcasts back from. */
export function keptShape(node: ForwardNode): Shape {
  const axes = reducedAxes(node);
  return node.input(0).shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
}

/** Number of elements that each output comes from. */
export const reducedCount = (node: ForwardNode): number =>
  reducedAxes(node).reduce((product, axis) => product * (node.input(0).shape[axis] as number), 1);
