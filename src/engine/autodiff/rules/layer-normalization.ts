import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { sizeOf } from '../../tensor/shape.js';
import { axisOf, range } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';
import { type Standardised, standardisedGradient } from '../normalisation.js';
import { unbroadcast } from '../unbroadcast.js';
import { unsupported } from '../unsupported.js';

/**
 * Gradient of `LayerNormalization`: Y = γ x̂ + β, with x̂ of X standardised over the axes from `axis` on.
 *
 *   dx̂ = dY γ        dX = (dx̂ − mean dx̂ − x̂ mean(dx̂ x̂)) / √(σ² + ε)        dγ = Σ dY x̂        dβ = Σ dY
 *
 * The other outputs, which hold μ and 1/√(σ² + ε), are for training; a loss that reads them is refused.
 *
 * Shapes: γ and β broadcast to X; dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
 */
export const layerNormalization: GradientRule = {
  backward(g, node) {
    if (node.hasCotangent(1) || node.hasCotangent(2)) throw unsupported(node, 'a loss of its mean or deviation');
    const dY = node.cotangent(0);
    const x = node.input(0);
    const rank = x.shape.length;
    const axis = axisOf(node.int('axis', -1), rank);
    const hat = (): Standardised => standardisedFrom(g, x, axis, node.float('epsilon', 1e-5));
    return [
      () => standardisedGradient(g, hat(), g.op('Mul', [dY, node.input(1)]), range(rank).slice(axis)),
      () => unbroadcast(g, g.op('Mul', [dY, hat().xHat]), node.input(1).shape),
      () => unbroadcast(g, dY, node.input(2).shape),
    ].slice(0, node.inputCount);
  },
};

/** By the operator itself with γ = 1, which takes one pass over x instead of five. */
function standardisedFrom(g: GraphBuilder, x: Value, axis: number, epsilon: number): Standardised {
  const shape = x.shape.slice(axis);
  const ones = g.floats(new Float32Array(sizeOf(shape)).fill(1), shape);
  const attributes = { axis, epsilon: { float: epsilon } };
  const [xHat, , inverseDeviation] = g.ops('LayerNormalization', [x, ones], attributes, 3) as [Value, Value, Value];
  return { xHat, inverseDeviation };
}
