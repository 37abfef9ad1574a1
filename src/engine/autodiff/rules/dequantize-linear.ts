import { DATA_TYPES } from '../../onnx/data-types.js';
import type { GradientRule } from '../gradient-rule.js';
import { quantisationOf } from '../quantisation.js';

/**
 * Gradient of `DequantizeLinear`: Y = s (X − z).
 *
 *   dX = dY s, of the real number that X stands for        ds = Σ dY (X − z)
 *
 * Shapes: X, Y and dX are equal; s and z are scalars, or one per position of an axis.
 * Spec: https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
 */
export const dequantizeLinear: GradientRule = {
  backward(g, node) {
    const dY = node.cotangent(0);
    const { scale, zeroPoint, sum } = quantisationOf(g, node);
    return [
      () => g.op('Mul', [dY, scale]),
      () => {
        const x = g.op('Cast', [node.input(0)], { to: DATA_TYPES.float32 });
        return sum(g.op('Mul', [dY, zeroPoint === undefined ? x : g.op('Sub', [x, zeroPoint])]));
      },
      undefined,
    ].slice(0, node.inputCount);
  },
};
