import type { Value } from '../../onnx/graph.js';
import { sizeOf } from '../../tensor/shape.js';
import { reshape, sumBeside } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';
import { type Standardised, standardised, standardisedGradient } from '../normalisation.js';

/**
 * Gradient of `GroupNormalization`: Y = γ x̂ + β, with x̂ of X standardised over the channels and positions of each group.
 *
 *   dx̂ = dY γ        dX = (dx̂ − mean dx̂ − x̂ mean(dx̂ x̂)) / √(σ² + ε)        dγ = Σ dY x̂        dβ = Σ dY
 *
 * Shapes: X [N, C, …], dX as X; γ and β [C], or [G] of G groups before opset 21.
 * Spec: https://onnx.ai/onnx/operators/onnx__GroupNormalization.html
 */
export const groupNormalization: GradientRule = {
  backward(g, node) {
    const x = node.input(0);
    const [batch = 1, channels = 1, ...lengths] = x.shape;
    const groups = node.int('num_groups');
    const parameters = node.input(1).shape[0] as number;
    const perGroup = [batch, groups, (channels / groups) * sizeOf(lengths)];
    const perParameter = [batch, parameters, (channels / parameters) * sizeOf(lengths)];
    const dY = reshape(g, node.cotangent(0), perParameter);
    const hat = (): Standardised => standardised(g, reshape(g, x, perGroup), [2], node.float('epsilon', 1e-5));
    return [
      () => {
        const dXHat = g.op('Mul', [dY, reshape(g, node.input(1), [parameters, 1])]);
        return reshape(g, standardisedGradient(g, hat(), reshape(g, dXHat, perGroup), [2]), x.shape);
      },
      () => {
        const xHat: Value = reshape(g, hat().xHat, perParameter);
        return sumBeside(g, g.op('Mul', [dY, xHat]), [1]);
      },
      () => sumBeside(g, dY, [1]),
    ];
  },
};
