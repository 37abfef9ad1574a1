import type { GraphBuilder, Value } from '../onnx/graph.js';
import { sizeOf } from '../tensor/shape.js';
import { reshape, transposeMatrix } from './emit.js';

/**
 * Multiplies every line of `value` along `axis`, as a row, by a matrix.
 *
 * @param matrix shape [length of the axis, new length]
 */
export function alongAxis(g: GraphBuilder, value: Value, axis: number, matrix: Value): Value {
  const { shape } = value;
  if (axis === shape.length - 1) return g.op('MatMul', [value, matrix]);
  // Lines as columns: so that nothing needs to be transposed but the matrix, which is a constant as a rule.
  const columns = [sizeOf(shape.slice(0, axis)), shape[axis] as number, sizeOf(shape.slice(axis + 1))];
  const product = g.op('MatMul', [transposeMatrix(g, matrix), reshape(g, value, columns)]);
  return reshape(g, product, shape.with(axis, matrix.shape[1] as number));
}
