import { unary } from '../unary.js';

/**
 * Gradient of `ReverseSequence`: Y is X with the first elements of each sequence in reverse order.
 *
 *   dX = dY with the same elements in reverse order again
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ReverseSequence.html
 */
export const reverseSequence = unary((g, node, dY) =>
  g.op('ReverseSequence', [dY, node.input(1)], {
    batch_axis: node.int('batch_axis', 1),
    time_axis: node.int('time_axis', 0),
  }),
);
