import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { sumBeside } from '../emit.js';
import { flippedKernel } from '../flipped-kernel.js';
import type { BackwardNode, GradientRule } from '../gradient-rule.js';
import { kernelGradient } from '../kernel-gradient.js';
import { paddedConv } from '../padded-conv.js';
import { outputPadding, type Window, windowOf } from '../window.js';

/**
 * Gradient of `Conv`: Y[o] = Σ_k W[k] X[s o + d k − p] + B.
 *
 *   dX[i] = Σ_{o, k: s o + d k − p = i} W[k] dY[o]        dW[k] = Σ_o dY[o] X[s o + d k − p]        dB = Σ dY
 *
 * Two forms of the first sum: a transposed convolution by W, for any window; and, with stride 1, a convolution by W flipped,
 * which ONNX Runtime runs in the blocked layout where there are enough channels.
 *
 * Shapes: X [N, C, …], W [M, C/group, …], Y [N, M, …], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__Conv.html
 */
export const conv: GradientRule = {
  backward: (g, node) =>
    [
      () => inputGradient(g, node),
      () => kernelGradient(g, node.input(0), node.cotangent(0), windowOfConv(node), node.int('group', 1)),
      () => sumBeside(g, node.cotangent(0), [1]),
    ].slice(0, node.inputCount),
};

const windowOfConv = (node: BackwardNode): Window =>
  windowOf(node, node.input(1).shape.slice(2), node.input(0).shape.slice(2), node.output(0).shape.slice(2));

/** Channels from which on the blocked layout is used: one block of the widest vectors. */
const BLOCK = 16;

function inputGradient(g: GraphBuilder, node: BackwardNode): Value {
  const [weight, dY] = [node.input(1), node.cotangent(0)];
  const [from, to] = [node.input(0).shape.slice(2), node.output(0).shape.slice(2)];
  const window = windowOfConv(node);
  const { kernel, strides, dilations, pads } = window;
  const group = node.int('group', 1);
  const channels = node.input(0).shape[1] as number;
  const [outputs = 1, inputsPerGroup = 1] = weight.shape;
  const isDepthwise = inputsPerGroup === 1 && outputs === group;
  const isBlocked = channels >= BLOCK && outputs % BLOCK === 0 && (group === 1 || isDepthwise);
  const constant = node.constant(1);
  if (strides.every((stride) => stride === 1) && isBlocked && constant?.dataType === 'float32') {
    // The other way round, each tap reaches as far as the kernel, less the padding.
    const wanted = pads.map((pad, i) => {
      const axis = i % kernel.length;
      return (dilations[axis] as number) * ((kernel[axis] as number) - 1) - pad;
    });
    return paddedConv(g, dY, g.constant(flippedKernel(constant, group)), wanted, { dilations, group });
  }
  const attributes = { strides, dilations, pads, group, output_padding: outputPadding(window, from, to) };
  return g.op('ConvTranspose', [dY, weight], attributes);
}
