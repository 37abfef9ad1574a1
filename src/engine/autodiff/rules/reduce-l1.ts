import { withSignOf } from '../emit.js';
import { reduce } from '../reduce.js';

/**
 * Gradient of `ReduceL1`: Y = Σ |X| over some axes.
 *
 *   dX = dY sign X
 *
 * Shapes: Y and dY broadcast over X; X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ReduceL1.html
 */
export const reduceL1 = reduce((g, node, _, dY) => withSignOf(g, node.input(0), dY));
