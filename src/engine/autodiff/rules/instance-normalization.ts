import { range, reshape, sumBeside } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';
import { type Standardised, standardised, standardisedGradient } from '../normalisation.js';

/**
 * Gradient of `InstanceNormalization`: Y = γ x̂ + β, with x̂ of X standardised over the positions of each channel.
 *
 *   dx̂ = dY γ        dX = (dx̂ − mean dx̂ − x̂ mean(dx̂ x̂)) / √(σ² + ε)        dγ = Σ dY x̂        dβ = Σ dY
 *
 * Shapes: X [N, C, …], γ and β [C], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html
 */
export const instanceNormalization: GradientRule = {
  backward(g, node) {
    const dY = node.cotangent(0);
    const x = node.input(0);
    const perChannel = x.shape.map((length, axis) => (axis === 1 ? length : 1));
    const axes = range(x.shape.length).slice(2);
    const hat = (): Standardised => standardised(g, x, axes, node.float('epsilon', 1e-5));
    return [
      () => standardisedGradient(g, hat(), g.op('Mul', [dY, reshape(g, node.input(1), perChannel)]), axes),
      () => sumBeside(g, g.op('Mul', [dY, hat().xHat]), [1]),
      () => sumBeside(g, dY, [1]),
    ];
  },
};
