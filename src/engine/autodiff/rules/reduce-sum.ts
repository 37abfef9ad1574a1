import { expand } from '../emit.js';
import { reduce } from '../reduce.js';

/**
 * Gradient of `ReduceSum`: Y = Σ X over some axes.
 *
 *   dX = dY
 *
 * Shapes: Y and dY broadcast over X; X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ReduceSum.html
 */
export const reduceSum = reduce((g, node, _, dY) => expand(g, dY, node.input(0).shape));
