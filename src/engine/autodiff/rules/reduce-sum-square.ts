import { scale } from '../emit.js';
import { reduce } from '../reduce.js';

/**
 * Gradient of `ReduceSumSquare`: Y = Σ X² over some axes.
 *
 *   dX = 2 dY X
 *
 * Shapes: Y and dY broadcast over X; X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ReduceSumSquare.html
 */
export const reduceSumSquare = reduce((g, node, _, dY) => scale(g, g.op('Mul', [dY, node.input(0)]), 2));
