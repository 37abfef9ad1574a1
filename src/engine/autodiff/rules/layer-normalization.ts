import { axisOf, range } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';
import { standardised, standardisedGradient } from '../normalisation.js';
import { unbroadcast } from '../unbroadcast.js';

/**
 * Gradient of `LayerNormalization`: Y = γ x̂ + β, with x̂ of X standardised over the axes from `axis` on.
 *
 *   dx̂ = dY γ        dX = (dx̂ − mean dx̂ − x̂ mean(dx̂ x̂)) / √(σ² + ε)        dγ = Σ dY x̂        dβ = Σ dY
 *
 * Shapes: γ and β broadcast to X; dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
 */
export const layerNormalization: GradientRule = {
  backward(g, node) {
    const dY = node.cotangent(0);
    const x = node.input(0);
    const rank = x.shape.length;
    const axes = range(rank).slice(axisOf(node.int('axis', -1), rank));
    const epsilon = node.float('epsilon', 1e-5);
    return [
      () => standardisedGradient(g, x, g.op('Mul', [dY, node.input(1)]), axes, epsilon),
      () => unbroadcast(g, g.op('Mul', [dY, standardised(g, x, axes, epsilon).xHat]), node.input(1).shape),
      ...(node.inputCount > 2 ? [() => unbroadcast(g, dY, node.input(2).shape)] : []),
    ];
  },
};
