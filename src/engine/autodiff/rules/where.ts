import { where as select } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Where`: Y = A where C, else B.
 *
 *   dA = dY where C, else 0        dB = 0 where C, else dY
 *
 * Shapes: A, B and C broadcast to Y; `pullback` sums dA and dB back to A and B.
 * Spec: https://onnx.ai/onnx/operators/onnx__Where.html
 */
export const where: GradientRule = {
  broadcasts: true,
  backward(g, node) {
    const dY = node.cotangent(0);
    const condition = node.input(0);
    return [undefined, () => select(g, condition, dY), () => g.op('Where', [condition, g.scalar(0), dY])];
  },
};
