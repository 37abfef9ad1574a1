import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { axisOf, placed, range, reshape } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Slice`: along each axis, Y[i] = X[start + step i].
 *
 *   dX = dY at those positions, else 0
 *
 * Steps of 1 are a pad, longer ones have zeros between the elements, negative ones run backward.
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Slice.html
 */
export const slice = unary((g, node, dY) => {
  const { shape } = node.input(0);
  const starts = node.numbers(1) ?? [];
  const axes = (node.numbers(3) ?? range(starts.length)).map((axis) => axisOf(axis, shape.length));
  const steps = node.numbers(4) ?? starts.map(() => 1);
  return axes.reduce((gradient, axis, i) => {
    const length = shape[axis] as number;
    const step = steps[i] as number;
    return backAlong(g, gradient, axis, length, firstIndex(starts[i] as number, step, length), step);
  }, dY);
});

/** Where a slice begins: counted from the end if negative, and never outside. */
function firstIndex(start: number, step: number, length: number): number {
  const index = start < 0 ? start + length : start;
  return step > 0 ? Math.min(Math.max(index, 0), length) : Math.min(Math.max(index, -1), length - 1);
}

function backAlong(g: GraphBuilder, dY: Value, axis: number, length: number, first: number, step: number): Value {
  const count = dY.shape[axis] as number;
  if (step === 1) return placed(g, dY, axis, first, length);
  if (step < 0) {
    const reversed = g.op('Gather', [dY, g.integers(range(count).toReversed())], { axis });
    return backAlong(g, reversed, axis, length, first + step * (count - 1), -step);
  }
  // Each element with zeros behind it, as far as the next one.
  const apart = placed(g, reshape(g, dY, dY.shape.toSpliced(axis + 1, 0, 1)), axis + 1, 0, step);
  return placed(g, reshape(g, apart, dY.shape.with(axis, count * step)), axis, first, length);
}
