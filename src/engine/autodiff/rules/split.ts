import type { GradientRule } from '../gradient-rule.js';
import { onlyFirst } from '../unary.js';

/**
 * Gradient of `Split`: Y₁, Y₂, … are parts of X along an axis.
 *
 *   dX = dY₁, dY₂, … one after another; 0 for a part that nothing reads
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Split.html
 */
export const split: GradientRule = {
  backward: (g, node) =>
    onlyFirst(node, () =>
      g.op(
        'Concat',
        Array.from({ length: node.outputCount }, (_, i) => node.cotangent(i)),
        { axis: node.int('axis', 0) },
      ),
    ),
};
