import { range, reshape } from '../emit.js';
import { standardisedGradient } from '../normalisation.js';
import { unary } from '../unary.js';

/**
 * Gradient of `InstanceNormalization`: Y = γ x̂ + β, with x̂ of X standardised over the positions of each channel.
 *
 *   dx̂ = dY γ        dX = (dx̂ − mean dx̂ − x̂ mean(dx̂ x̂)) / √(σ² + ε)
 *
 * Shapes: X [N, C, …], γ and β [C], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html
 */
export const instanceNormalization = unary((g, node, dY) => {
  const x = node.input(0);
  const perChannel = x.shape.map((length, axis) => (axis === 1 ? length : 1));
  const dXHat = g.op('Mul', [dY, reshape(g, node.input(1), perChannel)]);
  return standardisedGradient(g, x, dXHat, range(x.shape.length).slice(2), node.float('epsilon', 1e-5));
});
