import { axisOf, sumOver, where, withSignOf } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `LpNormalization`: Y = X / ‖X‖ along an axis, with the norm Σ |X| (p = 1) or √(Σ X²) (p = 2).
 *
 *   p = 1:  dX = (dY − sign X Σ dY Y) / ‖X‖
 *   p = 2:  dX = (dY − Y Σ dY Y) / ‖X‖
 *
 * 0 where ‖X‖ is 0, and so is Y.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__LpNormalization.html
 */
export const lpNormalization = unary((g, node, dY) => {
  const [x, y] = [node.input(0), node.output(0)];
  const axis = axisOf(node.int('axis', -1), x.shape.length);
  const isFirst = node.int('p', 2) === 1;
  const norm = g.op(isFirst ? 'ReduceL1' : 'ReduceL2', [x, g.integers([axis])], { keepdims: 1 });
  const total = sumOver(g, g.op('Mul', [dY, y]), [axis]);
  const projected = isFirst ? withSignOf(g, x, total) : g.op('Mul', [y, total]);
  return where(g, g.op('Greater', [norm, g.scalar(0)]), g.op('Div', [g.op('Sub', [dY, projected]), norm]));
});
