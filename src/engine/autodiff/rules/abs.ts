import { withSignOf } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Abs`: Y = |X|.
 *
 *   dX = dY where X > 0, −dY where X < 0, else 0
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Abs.html
 */
export const abs = unary((g, node, dY) => withSignOf(g, node.input(0), dY));
