import type { GraphBuilder, Value } from '../onnx/graph.js';
import { range, reshape, transpose } from './emit.js';
import { paddedConv } from './padded-conv.js';
import type { Window } from './window.js';

/**
 * dW of a convolution by W that leads from one tensor to a smaller one, or transposed, back:
 *
 *   dW[b, a, k] = Σ_{n, o} small[n, b, o] large[n, a, s o + d k − p]
 *
 * It is a convolution itself, in which the batch takes the place of the channels, and strides and dilations that of each other.
 *
 * @param large shape [N, A, …]
 * @param small shape [N, B, …]
 * @returns shape [B, A/group, …kernel]
 */
export function kernelGradient(g: GraphBuilder, large: Value, small: Value, window: Window, group: number): Value {
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
