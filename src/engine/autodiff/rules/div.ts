import { negate } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Div`: Y = A / B.
 *
 *   dA = dY / B        dB = −dY A / B²
 *
 * Both are 0 where B is 0: Y is no number there, or nothing reads it. The reciprocal of B is taken in the shape of B, which
 * is often the smaller one.
 *
 * Shapes: A and B broadcast to Y; `pullback` sums dA and dB back to A and B.
 * Spec: https://onnx.ai/onnx/operators/onnx__Div.html
 */
export const div: GradientRule = {
  broadcasts: true,
  backward(g, node) {
    const [a, b] = [node.input(0), node.input(1)];
    const isZero = g.op('Equal', [b, g.scalar(0)]);
    const inverse = g.op('Where', [isZero, g.scalar(0), g.op('Reciprocal', [b])]);
    const dA = g.op('Mul', [node.cotangent(0), inverse]);
    return [() => dA, () => negate(g, g.op('Mul', [dA, g.op('Mul', [a, inverse])]))];
  },
};
