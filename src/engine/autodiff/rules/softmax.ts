import { sumOver } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Softmax`: Y = eˣ / Σ eˣ along an axis.
 *
 *   dX = dY Y − Y Σ dY Y
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Softmax.html
 */
export const softmax = unary((g, node, dY) => {
  const y = node.output(0);
  const product = g.op('Mul', [dY, y]);
  const total = sumOver(g, product, [node.int('axis', -1)]);
  return g.op('Sub', [product, g.op('Mul', [y, total])]);
});
