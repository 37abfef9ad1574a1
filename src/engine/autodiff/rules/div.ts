import { negate } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Div`: Y = A / B.
 *
 *   dA = dY / B        dB = −dY Y / B
 *
 * Both are 0 where dY is 0, whatever B is: 0 / 0 would be NaN.
 *
 * Shapes: A and B broadcast to Y; `pullback` sums dA and dB back to A and B.
 * Spec: https://onnx.ai/onnx/operators/onnx__Div.html
 */
export const div: GradientRule = {
  broadcasts: true,
  backward(g, node) {
    const dY = node.cotangent(0);
    const isZero = g.op('Equal', [dY, g.scalar(0)]);
    const divisor =
      node.constant(1) === undefined ? g.op('Where', [isZero, g.scalar(1), node.input(1)]) : node.input(1);
    const quotient = (): typeof dY => g.op('Where', [isZero, g.scalar(0), node.output(0)]);
    return [() => g.op('Div', [dY, divisor]), () => negate(g, g.op('Div', [g.op('Mul', [dY, quotient()]), divisor]))];
  },
};
