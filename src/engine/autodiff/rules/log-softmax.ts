import { sumOver } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `LogSoftmax`: Y = X − log Σ eˣ along an axis.
 *
 *   dX = dY − e^Y Σ dY
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__LogSoftmax.html
 */
export const logSoftmax = unary((g, node, dY) => {
  const total = sumOver(g, dY, [node.int('axis', -1)]);
  return g.op('Sub', [dY, g.op('Mul', [g.op('Exp', [node.output(0)]), total])]);
});
