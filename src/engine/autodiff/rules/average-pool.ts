import type { Shape } from '../../tensor/shape.js';
import { range } from '../emit.js';
import type { ForwardNode } from '../gradient-rule.js';
import { transposedSum } from '../transposed-conv.js';
import { unary } from '../unary.js';
import { type Window, windowOf } from '../window.js';

/**
 * Gradient of `AveragePool`: Y is the mean of X under each window.
 *
 *   dX[i] = Σ_o dY[o] / n[o] over the windows o that hold i
 *
 * n[o] counts the elements that the mean divides by: those inside X, or with `count_include_pad` those inside the padding too.
 *
 * Shapes: X [N, C, …], Y [N, C, …], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__AveragePool.html
 */
export const averagePool = unary((g, node, dY) => {
  const { shape } = node.input(0);
  const [from, to] = [shape.slice(2), dY.shape.slice(2)];
  const window = windowOf(node, node.ints('kernel_shape'), from, to);
  const shares = counts(node, window, from, to).map((count) => 1 / count);
  const shared = g.op('Mul', [dY, g.floats(Float32Array.from(shares), [1, 1, ...to])]);
  return transposedSum(g, shared, window, shape);
});

/** What each mean divides by. ONNX Runtime counts no element beyond the padding, which the last window may overhang. */
function counts(node: ForwardNode, { kernel, strides, dilations, pads }: Window, from: Shape, to: Shape): number[] {
  const includesPads = node.int('count_include_pad', 0) === 1;
  const perAxis = kernel.map((size, i) => {
    const [stride, dilation] = [strides[i] as number, dilations[i] as number];
    const [begin, end] = [pads[i] as number, pads[i + kernel.length] as number];
    const first = includesPads ? -begin : 0;
    const last = (from[i] as number) + (includesPads ? end : 0);
    return range(to[i] as number).map((o) => {
      const taps = range(size).map((k) => o * stride + k * dilation - begin);
      return taps.filter((position) => position >= first && position < last).length;
    });
  });
  return perAxis.reduce<number[]>((all, axis) => all.flatMap((count) => axis.map((n) => count * n)), [1]);
}
