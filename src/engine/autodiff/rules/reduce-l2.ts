import { reduce } from '../reduce.js';

/**
 * Gradient of `ReduceL2`: Y = √(Σ X²) over some axes.
 *
 *   dX = dY X / Y, 0 where Y is 0
 *
 * Shapes: Y and dY broadcast over X; X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ReduceL2.html
 */
export const reduceL2 = reduce((g, node, y, dY) => {
  const isZero = g.op('Equal', [y, g.scalar(0)]);
  const unit = g.op('Div', [node.input(0), g.op('Where', [isZero, g.scalar(1), y])]);
  return g.op('Mul', [dY, unit]);
});
