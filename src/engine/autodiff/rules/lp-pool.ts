import { lpGradient, lpShare } from '../lp-pooling.js';
import { transposedSum } from '../transposed-conv.js';
import { unary } from '../unary.js';
import { windowOf } from '../window.js';

/**
 * Gradient of `LpPool`: Y = (Σ |X|^p)^(1/p) under each window.
 *
 *   dX[i] = sign X |X|^(p − 1) Σ_o dY[o] Y[o]^(1 − p) over the windows o that hold i
 *
 * Shapes: X [N, C, …], Y [N, C, …], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__LpPool.html
 */
export const lpPool = unary((g, node, dY) => {
  const x = node.input(0);
  const window = windowOf(node, node.ints('kernel_shape'), x.shape.slice(2), dY.shape.slice(2));
  const p = node.int('p', 2);
  return lpGradient(g, x, transposedSum(g, lpShare(g, node.output(0), dY, p), window, x.shape), p);
});
