import { axisOf, sumOver } from '../emit.js';
import { unary } from '../unary.js';
import { unsupported } from '../unsupported.js';

/**
 * Gradient of `LpNormalization` with p = 2: Y = X / ‖X‖₂ along an axis.
 *
 *   dX = (dY − Y Σ dY Y) / ‖X‖₂, with ‖X‖₂ for no less than 10⁻¹²
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__LpNormalization.html
 */
export const lpNormalization = unary((g, node, dY) => {
  if (node.int('p', 2) !== 2) throw unsupported(node, 'p = 1');
  const [x, y] = [node.input(0), node.output(0)];
  const axes = [axisOf(node.int('axis', -1), x.shape.length)];
  const length = g.op('Sqrt', [sumOver(g, g.op('Mul', [x, x]), axes)]);
  const isTiny = g.op('Less', [length, g.scalar(1e-12)]);
  const projected = g.op('Mul', [y, sumOver(g, g.op('Mul', [dY, y]), axes)]);
  return g.op('Div', [g.op('Sub', [dY, projected]), g.op('Where', [isTiny, g.scalar(1e-12), length])]);
});
