import type { GraphBuilder, Value } from '../onnx/graph.js';
import { range, transpose } from './emit.js';

/**
 * Multiplies every line of `value` along `axis`, as a row, by a matrix.
 *
 * @param matrix shape [length of the axis, new length]
 */
export function alongAxis(g: GraphBuilder, value: Value, axis: number, matrix: Value): Value {
  const rank = value.shape.length;
  const perm = [...range(rank).filter((other) => other !== axis), axis];
  const product = g.op('MatMul', [transpose(g, value, perm), matrix]);
  return transpose(
    g,
    product,
    range(rank).map((other) => perm.indexOf(other)),
  );
}
