import { where } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `ThresholdedRelu`: Y = X where X > α, else 0.
 *
 *   dX = dY where X > α, else 0
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html
 */
export const thresholdedRelu = unary((g, node, dY) =>
  where(g, g.op('Greater', [node.input(0), g.scalar(node.float('alpha', 1))]), dY),
);
