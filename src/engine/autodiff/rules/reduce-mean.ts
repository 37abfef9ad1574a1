import { expand, scale } from '../emit.js';
import { reduce } from '../reduce.js';
import { reducedCount } from '../reduction.js';

/**
 * Gradient of `ReduceMean`: Y = Σ X / n over some axes.
 *
 *   dX = dY / n
 *
 * Shapes: Y and dY broadcast over X; X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ReduceMean.html
 */
export const reduceMean = reduce((g, node, _, dY) =>
  expand(g, scale(g, dY, 1 / reducedCount(node)), node.input(0).shape),
);
