import type { GraphBuilder, Value } from '../onnx/graph.js';
import { sizeOf } from '../tensor/shape.js';
import { padded, range, reshape, transpose } from './emit.js';
import { paddedConv } from './padded-conv.js';
import type { Window } from './window.js';

/** Kernels of more taps are derived by one convolution, which has as many nodes for any of them. */
const MOST_TAPS = 64;

/** Channels that fill a vector of floats: a product of fewer columns leaves most of the work unused. */
const VECTOR = 16;

/**
 * dW of a convolution by W that leads from one tensor to a smaller one, or transposed, back:
 *
 *   dW[b, a, k] = Σ_{n, o} small[n, b, o] large[n, a, s o + d k − p]
 *
 * In one of two forms: a product of matrices for each tap k; or a convolution by all of `small`. Products run at two to three times
 * the speed of that convolution, and faster than one product with all taps' columns side by side, which are as many copies of
 * `large` (measured on a CPU, with 3 … 512 channels and images of 4² … 256²).
 *
 * @param large shape [N, A, …]
 * @param small shape [N, B, …]
 * @returns shape [B, A/group, …kernel]
 */
export function kernelGradient(g: GraphBuilder, large: Value, small: Value, window: Window, group: number): Value {
  const byTaps = sizeOf(window.kernel) <= MOST_TAPS;
  return byTaps ? tapProducts(g, large, small, window, group) : convolution(g, large, small, window, group);
}

/** For each tap k the product of `small` and what it meets of `large`, examples summed over. */
function tapProducts(g: GraphBuilder, large: Value, small: Value, window: Window, group: number): Value {
  const { kernel } = window;
  const [batch = 1, channels = 1] = large.shape;
  const [, outputs = 1, ...lengths] = small.shape;
  const [inputs, members] = [channels / group, outputs / group];
  const taps = sizeOf(kernel);
  const positions = sizeOf(lengths);
  // Either the examples are laid side by side first, or their products are summed at last: what moves fewer elements.
  const joins = batch > 1 && outputs * inputs * taps > positions * (channels + outputs);
  const join = (value: Value): Value =>
    joins ? transpose(g, value, [1, 0, ...range(kernel.length).map((i) => i + 2)]) : value;
  const rows = (value: Value, perGroup: number): Value =>
    reshape(g, value, [joins ? 1 : batch, group, perGroup, joins ? batch * positions : positions]);
  // The columns of a product are worked on by whole vectors.
  const isTurned = inputs < VECTOR && inputs < members;
  const b = rows(join(small), members);
  const products = shifted(g, join(large), window, lengths).map((part) => {
    const a = rows(part, inputs);
    return isTurned ? g.op('MatMul', [a, turned(g, b)]) : g.op('MatMul', [b, turned(g, a)]);
  });
  const [height, width] = isTurned ? [inputs, members] : [members, inputs];
  const all = products.length === 1 ? (products[0] as Value) : g.op('Concat', products, { axis: isTurned ? 2 : 3 });
  const isOne = joins || batch === 1;
  const sum = isOne ? all : g.op('ReduceSum', [all, g.integers([0])], { keepdims: 0 });
  const split = isTurned ? [group, taps, height, width] : [group, height, taps, width];
  return reshape(g, transpose(g, reshape(g, sum, split), isTurned ? [0, 3, 2, 1] : [0, 1, 3, 2]), [
    outputs,
    inputs,
    ...kernel,
  ]);
}

const turned = (g: GraphBuilder, matrices: Value): Value => transpose(g, matrices, [0, 1, 3, 2]);

/** What each tap meets of `large` at the positions of the smaller tensor. */
function shifted(
  g: GraphBuilder,
  large: Value,
  { kernel, strides, dilations, pads }: Window,
  lengths: readonly number[],
) {
  const rank = kernel.length;
  const axes = range(rank).map((i) => i + 2);
  const placed = padded(
    g,
    large,
    axes.map((axis, i) => ({ axis, begin: pads[i] as number, end: pads[i + rank] as number })),
  );
  return range(sizeOf(kernel)).map((tap): Value => {
    let rest = tap;
    const starts = kernel.toReversed().map((size, i) => {
      const place = rest % size;
      rest = (rest - place) / size;
      return place * (dilations[rank - 1 - i] as number);
    });
    const begins = starts.toReversed();
    const ends = begins.map((begin, i) => begin + ((lengths[i] as number) - 1) * (strides[i] as number) + 1);
    const isWhole = begins.every((begin, i) => begin === 0 && ends[i] === placed.shape[i + 2]);
    if (isWhole && strides.every((stride) => stride === 1)) return placed;
    return g.op('Slice', [placed, g.integers(begins), g.integers(ends), g.integers(axes), g.integers(strides)]);
  });
}

/** In it the batch takes the place of the channels, and strides and dilations that of each other. */
function convolution(g: GraphBuilder, large: Value, small: Value, window: Window, group: number): Value {
  const { kernel, strides, dilations, pads } = window;
  const [batch = 1, channels = 1, ...lengths] = large.shape;
  const spatial = range(kernel.length);
  const grouped = reshape(g, large, [batch, group, channels / group, ...lengths]);
  const exchanged = transpose(g, grouped, [2, 1, 0, ...spatial.map((axis) => axis + 3)]);
  const input = reshape(g, exchanged, [channels / group, group * batch, ...lengths]);
  const weight = transpose(g, small, [1, 0, ...spatial.map((axis) => axis + 2)]);
  const full = paddedConv(g, input, weight, pads, { strides: dilations, dilations: strides, group });
  const axes = spatial.map((axis) => axis + 2);
  // Elements at the end that no window reached give taps beyond the kernel.
  const taps = g.op('Slice', [full, g.integers(axes.map(() => 0)), g.integers(kernel), g.integers(axes)]);
  return transpose(g, taps, [1, 0, ...axes]);
}
