import { alongAxis } from '../along-axis.js';
import { scale, transposeMatrix } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `LRN`: Y = X S^−β with S = k + α/n Σ X² over the n channels around each.
 *
 *   dX = dY S^−β − 2 α β / n X Σ dY Y / S over the channels that each is around
 *
 * The sums are products with a matrix of zeros and ones. k is the attribute `bias`, n the attribute `size`.
 *
 * Shapes: X [N, C, …], Y and dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__LRN.html
 */
export const lrn = unary((g, node, dY) => {
  const [x, y] = [node.input(0), node.output(0)];
  const [alpha, beta] = [node.float('alpha', 1e-4), node.float('beta', 0.75)];
  const size = node.int('size');
  const around = neighbours(x.shape[1] as number, size);
  const matrix = g.floats(around, [x.shape[1] as number, x.shape[1] as number]);
  const sums = alongAxis(g, g.op('Mul', [x, x]), 1, matrix);
  const s = g.op('Add', [scale(g, sums, alpha / size), g.scalar(node.float('bias', 1))]);
  const shares = alongAxis(g, g.op('Div', [g.op('Mul', [dY, y]), s]), 1, transposeMatrix(g, matrix));
  const direct = g.op('Mul', [dY, g.op('Pow', [s, g.scalar(-beta)])]);
  return g.op('Sub', [direct, scale(g, g.op('Mul', [x, shares]), (2 * alpha * beta) / size)]);
});

/** Whether channel i, a row, counts for channel j, a column: there are more after it than before it if `size` is even. */
function neighbours(channels: number, size: number): Float32Array {
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  return Float32Array.from({ length: channels ** 2 }, (_, flat) => {
    const [from, to] = [Math.floor(flat / channels), flat % channels];
    return Number(from >= to - before && from <= to + after);
  });
}
