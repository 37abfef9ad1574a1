import type { GraphBuilder, Value } from '../onnx/graph.js';
import type { Shape } from '../tensor/shape.js';
import { flippedKernel } from './flipped-kernel.js';
import { paddedConv } from './padded-conv.js';
import { outputPadding, type Window } from './window.js';

/** Channels of a block of ONNX Runtime's blocked layout, with the widest vectors. */
const BLOCK = 16;

/**
 * Whether a convolution with stride 1 by flipped weights is faster than a transposed convolution (measured on a CPU): always, but
 * for a dense one over two axes with too few outputs for the blocked layout, as the first layer's, whose outputs are colours.
 */
function isFasterFlipped(weight: Shape, group: number, channels: number): boolean {
  const isDenseImage = group === 1 && weight.length === 4;
  return !isDenseImage || channels >= BLOCK;
}

/**
 * dX of Y[o] = Σ_k W[k] X[s o + d k − p], the convolution of X by W:
 *
 *   dX[i] = Σ_{o, k: s o + d k − p = i} W[k] dY[o]
 *
 * In one of two forms: a transposed convolution by W, for any window; and, with stride 1, a convolution by W
 * flipped.
 *
 * @param dY shape [N, M, …]
 * @param weight shape [M, C/group, …]
 * @param shape shape of X, [N, C, …]
 */
export function transposedConv(
  g: GraphBuilder,
  dY: Value,
  weight: Value,
  { kernel, strides, dilations, pads }: Window,
  group: number,
  shape: Shape,
): Value {
  const isStrided = strides.some((stride) => stride !== 1);
  if (!isStrided && isFasterFlipped(weight.shape, group, shape[1] as number)) {
    // The other way round, each tap reaches as far as the kernel, less the padding.
    const reaches = kernel.map((size, i) => (dilations[i] as number) * (size - 1));
    const wanted = pads.map((pad, i) => (reaches[i % kernel.length] as number) - pad);
    return paddedConv(g, dY, flippedKernel(g, weight, group), wanted, { dilations, group });
  }
  const extra = outputPadding({ kernel, strides, dilations, pads }, shape.slice(2), dY.shape.slice(2));
  // A last window that overhangs the end gives more than there is: padding cuts it off.
  const ends = extra.map((n, i) => (pads[i + kernel.length] as number) - Math.min(n, 0));
  return g.op('ConvTranspose', [dY, weight], {
    strides,
    dilations,
    group,
    pads: [...pads.slice(0, kernel.length), ...ends],
    output_padding: extra.map((n) => Math.max(n, 0)),
  });
}

/** dX of the sums of X under each window, channel by channel. */
export function transposedSum(g: GraphBuilder, dY: Value, window: Window, shape: Shape): Value {
  const channels = shape[1] as number;
  const taps = window.kernel.reduce((product, size) => product * size, 1);
  const ones = g.floats(new Float32Array(channels * taps).fill(1), [channels, 1, ...window.kernel]);
  return transposedConv(g, dY, ones, window, channels, shape);
}
