import { sumBeside } from '../emit.js';
import type { BackwardNode, GradientRule } from '../gradient-rule.js';
import { kernelGradient } from '../kernel-gradient.js';
import { transposedConv } from '../transposed-conv.js';
import { type Window, windowOf } from '../window.js';

/**
 * Gradient of `Conv`: Y[o] = Σ_k W[k] X[s o + d k − p] + B.
 *
 *   dX[i] = Σ_{o, k: s o + d k − p = i} W[k] dY[o]        dW[k] = Σ_o dY[o] X[s o + d k − p]        dB = Σ dY
 *
 * Shapes: X [N, C, …], W [M, C/group, …], Y [N, M, …], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__Conv.html
 */
export const conv: GradientRule = {
  backward: (g, node) =>
    [
      () =>
        transposedConv(
          g,
          node.cotangent(0),
          node.input(1),
          windowOfConv(node),
          node.int('group', 1),
          node.input(0).shape,
        ),
      () => kernelGradient(g, node.input(0), node.cotangent(0), windowOfConv(node), node.int('group', 1)),
      () => sumBeside(g, node.cotangent(0), [1]),
    ].slice(0, node.inputCount),
};

const windowOfConv = (node: BackwardNode): Window =>
  windowOf(node, node.input(1).shape.slice(2), node.input(0).shape.slice(2), node.output(0).shape.slice(2));
