import { zeros } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `TopK`: Y are the k largest (or smallest) elements of X along an axis, I their indices.
 *
 *   dX = 0, with each element of dY where it came from
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__TopK.html
 */
export const topK = unary((g, node, dY) =>
  g.op('ScatterElements', [zeros(g, node.input(0).shape), node.output(1), dY], { axis: node.int('axis', -1) }),
);
