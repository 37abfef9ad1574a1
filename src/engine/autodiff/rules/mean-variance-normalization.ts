import { axisOf, meanOver, where } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `MeanVarianceNormalization`: Y = (X − μ) / σ over some axes.
 *
 *   dX = (dY − mean dY − Y mean(dY Y)) / σ, 0 where σ is 0
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html
 */
export const meanVarianceNormalization = unary((g, node, dY) => {
  const [x, y] = [node.input(0), node.output(0)];
  const axes = node.ints('axes', [0, 2, 3]).map((axis) => axisOf(axis, x.shape.length));
  const centred = g.op('Sub', [x, meanOver(g, x, axes)]);
  const deviation = g.op('Sqrt', [meanOver(g, g.op('Mul', [centred, centred]), axes)]);
  const projected = g.op('Mul', [y, meanOver(g, g.op('Mul', [dY, y]), axes)]);
  const gradient = g.op('Sub', [g.op('Sub', [dY, meanOver(g, dY, axes)]), projected]);
  return where(g, g.op('Greater', [deviation, g.scalar(0)]), g.op('Div', [gradient, deviation]));
});
