import type { Value } from '../../onnx/graph.js';
import { negate } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Mod`: Y = A − q B, q the whole number that A / B is rounded to.
 *
 *   dA = dY        dB = −q dY
 *
 * Shapes: A and B broadcast to Y; `pullback` sums dA and dB back to A and B.
 * Spec: https://onnx.ai/onnx/operators/onnx__Mod.html
 */
export const mod: GradientRule = {
  broadcasts: true,
  backward(g, node) {
    const dY = node.cotangent(0);
    const quotient = (): Value => g.op('Div', [g.op('Sub', [node.input(0), node.output(0)]), node.input(1)]);
    return [() => dY, () => negate(g, g.op('Mul', [dY, quotient()]))];
  },
};
