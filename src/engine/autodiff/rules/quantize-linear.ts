import type { Value } from '../../onnx/graph.js';
import { negate, where } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';
import { limitsOf, quantisationOf } from '../quantisation.js';

/**
 * Gradient of `QuantizeLinear`: Y = X / s rounded, + z, kept within the limits of its type.
 *
 *   dX = dY / s within the limits, else 0        ds = Σ −dY X / s² within the limits
 *
 * It goes straight through the rounding, whose derivative would be 0: dY is that of the real number that Y stands for.
 *
 * Shapes: X, Y and dX are equal; s and z are scalars, or one per position of an axis.
 * Spec: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html, Bengio et al., "Estimating or Propagating Gradients
 * Through Stochastic Neurons", 2013
 */
export const quantizeLinear: GradientRule = {
  backward(g, node) {
    const [low, high] = limitsOf(node);
    const x = node.input(0);
    const { scale, zeroPoint, sum } = quantisationOf(g, node);
    const dX = (): Value => {
      const steps = g.op('Div', [x, scale]);
      const real = zeroPoint === undefined ? steps : g.op('Add', [steps, zeroPoint]);
      const aboveLow = where(g, g.op('GreaterOrEqual', [real, g.scalar(low)]), node.cotangent(0));
      return g.op('Div', [where(g, g.op('LessOrEqual', [real, g.scalar(high)]), aboveLow), scale]);
    };
    return [dX, () => sum(negate(g, g.op('Div', [g.op('Mul', [dX(), x]), scale]))), undefined].slice(
      0,
      node.inputCount,
    );
  },
};
