import { negate, where } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Abs`: Y = |X|.
 *
 *   dX = dY where X > 0, −dY where X < 0, else 0
 *
 * Not by `Sign`, which has no WebGPU kernel.
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Abs.html
 */
export const abs = unary((g, node, dY) => {
  const x = node.input(0);
  const negative = where(g, g.op('Less', [x, g.scalar(0)]), negate(g, dY));
  return g.op('Where', [g.op('Greater', [x, g.scalar(0)]), dY, negative]);
});
