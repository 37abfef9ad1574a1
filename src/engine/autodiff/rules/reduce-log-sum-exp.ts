import { reduce } from '../reduce.js';

/**
 * Gradient of `ReduceLogSumExp`: Y = log Σ eˣ over some axes.
 *
 *   dX = dY e^(X − Y)
 *
 * Shapes: Y and dY broadcast over X; X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ReduceLogSumExp.html
 */
export const reduceLogSumExp = reduce((g, node, y, dY) =>
  g.op('Mul', [dY, g.op('Exp', [g.op('Sub', [node.input(0), y])])]),
);
