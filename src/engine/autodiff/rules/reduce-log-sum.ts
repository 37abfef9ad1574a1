import { expand } from '../emit.js';
import { reduce } from '../reduce.js';

/**
 * Gradient of `ReduceLogSum`: Y = log Σ X over some axes.
 *
 *   dX = dY / e^Y
 *
 * Shapes: Y and dY broadcast over X; X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ReduceLogSum.html
 */
export const reduceLogSum = reduce((g, node, y, dY) =>
  expand(g, g.op('Div', [dY, g.op('Exp', [y])]), node.input(0).shape),
);
