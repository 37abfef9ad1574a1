import { range, where } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Trilu`: Y is X above (or below) a diagonal of its last two axes, else 0.
 *
 *   dX = dY there, else 0
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Trilu.html
 */
export const trilu = unary((g, node, dY) => {
  const [rows = 1, columns = 1] = dY.shape.slice(-2);
  const [offset = 0] = node.numbers(1) ?? [];
  const isUpper = node.int('upper', 1) === 1;
  const kept = range(rows * columns).map((flat) => {
    const diagonal = (flat % columns) - Math.floor(flat / columns);
    return Number(isUpper ? diagonal >= offset : diagonal <= offset);
  });
  const mask = g.constant({ dataType: 'bool', shape: [rows, columns], bytes: Uint8Array.from(kept) });
  return where(g, mask, dY);
});
