import { negate } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Sub`: Y = A − B.
 *
 *   dA = dY        dB = −dY
 *
 * Shapes: A and B broadcast to Y; `pullback` sums dA and dB back to A and B.
 * Spec: https://onnx.ai/onnx/operators/onnx__Sub.html
 */
export const sub: GradientRule = {
  broadcasts: true,
  backward: (g, node) => [() => node.cotangent(0), () => negate(g, node.cotangent(0))],
};
