import type { GradientRule } from '../gradient-rule.js';
import { paddedConv } from '../padded-conv.js';
import { transposedWindowOf } from '../transposed-window.js';
import { unsupported } from '../unsupported.js';

/**
 * Gradient of `ConvTranspose`: Y[s i + d k − p] += W[k] X[i], plus B.
 *
 *   dX = Conv(dY, W) by the same window        dB = Σ dY
 *
 * A W that depends on the pixels is refused.
 *
 * Shapes: X [N, C, …], W [C, M/group, …], Y [N, M, …], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
 */
export const convTranspose: GradientRule = {
  backward: (g, node) => [
    () => {
      const { strides, dilations, pads } = transposedWindowOf(node);
      const attributes = { strides, dilations, group: node.int('group', 1) };
      return paddedConv(g, node.cotangent(0), node.input(1), pads, attributes);
    },
    () => {
      throw unsupported(node, 'a weight that depends on the pixels');
    },
    ...(node.inputCount > 2
      ? [
          () => {
            const axes = node
              .output(0)
              .shape.map((_, axis) => axis)
              .filter((axis) => axis !== 1);
            return g.op('ReduceSum', [node.cotangent(0), g.integers(axes)], { keepdims: 0 });
          },
        ]
      : []),
  ],
};
