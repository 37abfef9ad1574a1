import { reshape } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `BatchNormalization` in inference: Y = γ (X − μ) / √(σ² + ε) + β, per channel.
 *
 *   dX = dY γ / √(σ² + ε)
 *
 * Shapes: X [N, C, …], γ and σ² [C], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
 */
export const batchNormalization = unary((g, node, dY) => {
  const [gamma, variance] = [node.input(1), node.input(4)];
  const deviation = g.op('Sqrt', [g.op('Add', [variance, g.scalar(node.float('epsilon', 1e-5))])]);
  const slope = g.op('Div', [gamma, deviation]);
  const shape = dY.shape.map((length, axis) => (axis === 1 ? length : 1));
  return g.op('Mul', [dY, reshape(g, slope, shape)]);
});
