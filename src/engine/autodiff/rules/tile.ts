import { reshape } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Tile`: Y is X, repeated rᵢ times along axis i.
 *
 *   dX = dY, summed over the repetitions
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Tile.html
 */
export const tile = unary((g, node, dY) => {
  const { shape } = node.input(0);
  const repeats = node.numbers(1) ?? [];
  const split = shape.flatMap((length, axis) => [repeats[axis] as number, length]);
  const copies = shape.map((_, axis) => 2 * axis);
  return g.op('ReduceSum', [reshape(g, dY, split), g.integers(copies)], { keepdims: 0 });
});
