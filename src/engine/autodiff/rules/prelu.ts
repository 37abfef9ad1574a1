import { where } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `PRelu`: Y = X where X ≥ 0, else S ⊙ X.
 *
 *   dX = dY where X ≥ 0, else dY ⊙ S        dS = 0 where X ≥ 0, else dY ⊙ X
 *
 * Shapes: S broadcasts to X; `pullback` sums dS back to S.
 * Spec: https://onnx.ai/onnx/operators/onnx__PRelu.html
 */
export const pRelu: GradientRule = {
  broadcasts: true,
  backward(g, node) {
    const dY = node.cotangent(0);
    const [x, slope] = [node.input(0), node.input(1)];
    const isNegative = g.op('Less', [x, g.scalar(0)]);
    return [
      () => g.op('Where', [isNegative, g.op('Mul', [dY, slope]), dY]),
      () => where(g, isNegative, g.op('Mul', [dY, x])),
    ];
  },
};
