import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { scale } from '../emit.js';
import { unary } from '../unary.js';

function slope(g: GraphBuilder, x: Value): Value {
  const cumulative = scale(g, g.op('Add', [g.scalar(1), g.op('Erf', [scale(g, x, Math.SQRT1_2)])]), 0.5);
  const density = scale(g, g.op('Exp', [scale(g, g.op('Mul', [x, x]), -0.5)]), 1 / Math.sqrt(2 * Math.PI));
  return g.op('Add', [cumulative, g.op('Mul', [x, density])]);
}

function tanhSlope(g: GraphBuilder, x: Value): Value {
  const squared = g.op('Mul', [x, x]);
  const inner = g.op('Mul', [x, g.op('Add', [g.scalar(1), scale(g, squared, 0.044715)])]);
  const t = g.op('Tanh', [scale(g, inner, Math.sqrt(2 / Math.PI))]);
  const chain = scale(g, g.op('Add', [g.scalar(1), scale(g, squared, 3 * 0.044715)]), Math.sqrt(2 / Math.PI));
  const bend = g.op('Mul', [x, g.op('Mul', [g.op('Sub', [g.scalar(1), g.op('Mul', [t, t])]), chain])]);
  return scale(g, g.op('Add', [g.op('Add', [g.scalar(1), t]), bend]), 0.5);
}

/**
 * Gradient of `Gelu`: Y = X Φ(X), Φ the standard normal distribution, or its approximation by tanh.
 *
 *   none:  dX = dY (Φ(X) + X φ(X))
 *   tanh:  dX = dY (½ (1 + t) + ½ X (1 − t²) √(2/π) (1 + 3 · 0.044715 X²)),  t = tanh(√(2/π) (X + 0.044715 X³))
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Gelu.html
 */
export const gelu = unary((g, node, dY) =>
  g.op('Mul', [
    dY,
    node.string('approximate', 'none') === 'tanh' ? tanhSlope(g, node.input(0)) : slope(g, node.input(0)),
  ]),
);
