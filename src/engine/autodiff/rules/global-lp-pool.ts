import { lpGradient, lpShare } from '../lp-pooling.js';
import { unary } from '../unary.js';

/**
 * Gradient of `GlobalLpPool`: Y = (Σ |X|^p)^(1/p) over all positions.
 *
 *   dX = sign X |X|^(p − 1) dY Y^(1 − p)
 *
 * Shapes: X [N, C, …], Y [N, C, 1, …], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html
 */
export const globalLpPool = unary((g, node, dY) => {
  const [x, p] = [node.input(0), node.int('p', 2)];
  return lpGradient(g, x, lpShare(g, node.output(0), dY, p), p);
});
