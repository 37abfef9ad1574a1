import { axisOf } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Concat`: Y is A₁, A₂, … one after another along an axis.
 *
 *   dAᵢ = the part of dY that Aᵢ became
 *
 * Shapes: dAᵢ is as Aᵢ.
 * Spec: https://onnx.ai/onnx/operators/onnx__Concat.html
 */
export const concat: GradientRule = {
  backward(g, node) {
    const axis = axisOf(node.int('axis'), node.output(0).shape.length);
    let end = 0;
    return Array.from({ length: node.inputCount }, (_, i) => {
      const start = end;
      end += node.input(i).shape[axis] ?? 0;
      const bounds = [g.integers([start]), g.integers([end]), g.integers([axis])];
      return () => g.op('Slice', [node.cotangent(0), ...bounds]);
    });
  },
};
