import type { GraphBuilder, Value } from '../onnx/graph.js';
import type { Shape } from '../tensor/shape.js';
import { flippedKernel } from './flipped-kernel.js';
import { paddedConv } from './padded-conv.js';
import { outputPadding, type Window } from './window.js';

/** Channels from which on the blocked layout is used: one block of the widest vectors. */
const BLOCK = 16;

/**
 * dX of Y[o] = Σ_k W[k] X[s o + d k − p], the convolution of X by W:
 *
 *   dX[i] = Σ_{o, k: s o + d k − p = i} W[k] dY[o]
 *
 * In one of two forms: a transposed convolution by W, for any window; and, with stride 1, a convolution by W flipped, which
 * ONNX Runtime runs in the blocked layout where there are enough channels, and W is a constant.
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
  const [outputs = 1, inputsPerGroup = 1] = weight.shape;
  const isDepthwise = inputsPerGroup === 1 && outputs === group;
  const isBlocked = (shape[1] as number) >= BLOCK && outputs % BLOCK === 0 && (group === 1 || isDepthwise);
  const constant = g.constantOf(weight);
  if (strides.every((stride) => stride === 1) && isBlocked && constant?.dataType === 'float32') {
    // The other way round, each tap reaches as far as the kernel, less the padding.
    const reaches = kernel.map((size, i) => (dilations[i] as number) * (size - 1));
    const wanted = pads.map((pad, i) => (reaches[i % kernel.length] as number) - pad);
    return paddedConv(g, dY, g.constant(flippedKernel(constant, group)), wanted, { dilations, group });
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
