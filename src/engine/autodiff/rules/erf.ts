import { negate, scale } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Erf`: Y = 2/√π ∫₀ˣ e^(−t²) dt.
 *
 *   dX = dY 2/√π e^(−X²)
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Erf.html
 */
export const erf = unary((g, node, dY) => {
  const density = g.op('Exp', [negate(g, g.op('Mul', [node.input(0), node.input(0)]))]);
  return g.op('Mul', [dY, scale(g, density, 2 / Math.sqrt(Math.PI))]);
});
