import { sumBeside } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';
import { kernelGradient } from '../kernel-gradient.js';
import { paddedConv } from '../padded-conv.js';
import { transposedWindowOf } from '../transposed-window.js';

/**
 * Gradient of `ConvTranspose`: Y[s i + d k − p] += W[k] X[i], plus B.
 *
 *   dX = Conv(dY, W) by the same window        dW[k] = Σ_i X[i] dY[s i + d k − p]        dB = Σ dY
 *
 * Shapes: X [N, C, …], W [C, M/group, …], Y [N, M, …], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
 */
export const convTranspose: GradientRule = {
  backward(g, node) {
    const dY = node.cotangent(0);
    const window = transposedWindowOf(node);
    const { strides, dilations, pads } = window;
    const group = node.int('group', 1);
    return [
      () => paddedConv(g, dY, node.input(1), pads, { strides, dilations, group }),
      () => kernelGradient(g, dY, node.input(0), window, group),
      () => sumBeside(g, dY, [1]),
    ].slice(0, node.inputCount);
  },
};
