import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { axisOf, range, zeros } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Slice`: along each axis, Y[i] = X[start + step i].
 *
 *   dX = dY at those positions, else 0
 *
 * Steps of 1 are a pad. Others go through positions: each element of dY is added where it came from.
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
  if (step === 1) {
    const pads = [g.integers([first, length - first - count]), undefined, g.integers([axis])];
    return count === length ? dY : g.op('Pad', [dY, ...pads]);
  }
  const positions = range(count).map((i) => first + step * i);
  const shape = dY.shape.map((_, other) => (other === axis ? count : 1));
  const indices = g.op('Expand', [g.op('Reshape', [g.integers(positions), g.integers(shape)]), g.integers(dY.shape)]);
  return g.op('ScatterElements', [zeros(g, dY.shape.with(axis, length)), indices, dY], { axis });
}
