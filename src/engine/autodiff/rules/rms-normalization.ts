import { axisOf, meanOver, range } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';
import { unbroadcast } from '../unbroadcast.js';

/**
 * Gradient of `RMSNormalization`: Y = γ x̂ with x̂ = X r, r = 1 / √(mean X² + ε) over the axes from `axis` on.
 *
 *   dx̂ = dY γ        dX = r (dx̂ − x̂ mean(dx̂ x̂))        dγ = Σ dY x̂
 *
 * Shapes: γ broadcasts to X; dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__RMSNormalization.html
 */
export const rmsNormalization: GradientRule = {
  backward(g, node) {
    const [x, gamma, dY] = [node.input(0), node.input(1), node.cotangent(0)];
    const rank = x.shape.length;
    const axes = range(rank).slice(axisOf(node.int('axis', -1), rank));
    const square = meanOver(g, g.op('Mul', [x, x]), axes);
    const r = g.op('Reciprocal', [g.op('Sqrt', [g.op('Add', [square, g.scalar(node.float('epsilon', 1e-5))])])]);
    const xHat = g.op('Mul', [x, r]);
    return [
      () => {
        const dXHat = g.op('Mul', [dY, gamma]);
        const projected = g.op('Mul', [xHat, meanOver(g, g.op('Mul', [dXHat, xHat]), axes)]);
        return g.op('Mul', [r, g.op('Sub', [dXHat, projected])]);
      },
      () => unbroadcast(g, g.op('Mul', [dY, xHat]), gamma.shape),
    ];
  },
};
