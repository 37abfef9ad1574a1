import type { Value } from '../../onnx/graph.js';
import { negate, reshape, scale, sumBeside } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';
import { unsupported } from '../unsupported.js';

/**
 * Gradient of `BatchNormalization` in inference: Y = γ (X − μ) r + β with r = 1 / √(σ² + ε), per channel.
 *
 *   dX = dY γ r        dγ = Σ dY (X − μ) r        dβ = Σ dY        dμ = −γ r Σ dY        dσ² = −½ γ r³ Σ dY (X − μ)
 *
 * Shapes: X [N, C, …], γ, β, μ and σ² [C], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
 */
export const batchNormalization: GradientRule = {
  backward(g, node) {
    if (node.int('training_mode', 0) === 1) throw unsupported(node, 'training_mode 1');
    const dY = node.cotangent(0);
    const [x, gamma, , mean, variance] = [0, 1, 2, 3, 4].map((i) => node.input(i)) as [
      Value,
      Value,
      Value,
      Value,
      Value,
    ];
    const perChannel = x.shape.map((length, axis) => (axis === 1 ? length : 1));
    const deviation = g.op('Sqrt', [g.op('Add', [variance, g.scalar(node.float('epsilon', 1e-5))])]);
    const slope = g.op('Div', [gamma, deviation]);
    const projected = (): Value => sumBeside(g, g.op('Mul', [dY, g.op('Sub', [x, reshape(g, mean, perChannel)])]), [1]);
    return [
      () => g.op('Mul', [dY, reshape(g, slope, perChannel)]),
      () => g.op('Div', [projected(), deviation]),
      () => sumBeside(g, dY, [1]),
      () => negate(g, g.op('Mul', [slope, sumBeside(g, dY, [1])])),
      () => scale(g, g.op('Div', [g.op('Mul', [slope, projected()]), g.op('Mul', [deviation, deviation])]), -0.5),
    ];
  },
};
