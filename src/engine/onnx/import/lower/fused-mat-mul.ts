import { attributeValue } from '../../node.js';
import type { NodeWriter } from '../rewrite-nodes.js';
import type { Lowering } from './lowering.js';

/** α · A B, where the last two axes of A and B may be swapped first. */
export const fusedMatMul: Lowering = (node, writer) => {
  const flag = (name: string): boolean => (attributeValue(node, name, 'int') ?? 0) !== 0;
  if (flag('transBatchA') || flag('transBatchB')) return writer.write(node);
  const alpha = attributeValue(node, 'alpha', 'float') ?? 1;
  const [a = '', b = ''] = node.inputs;
  const left = flag('transA') ? swapLastAxes(a, writer) : a;
  const right = flag('transB') ? swapLastAxes(b, writer) : b;
  if (alpha === 1) writer.op('MatMul', [left, right], {}, node.outputs);
  else writer.op('Mul', [writer.op('MatMul', [left, right]), writer.scalar(alpha)], {}, node.outputs);
};

/** Without knowing the rank, which `Transpose` would need: as a batch of matrices. */
function swapLastAxes(x: string, writer: NodeWriter): string {
  const rank = writer.constantOf(x)?.shape.length;
  if (rank !== undefined) {
    const axes = Array.from({ length: rank }, (_, axis) => axis);
    return writer.op('Transpose', [x], { perm: [...axes.slice(0, -2), ...axes.slice(-2).reverse()] });
  }
  const shape = writer.op('Shape', [x]);
  const part = (start: number, end: number): string =>
    writer.op('Slice', [shape, writer.integers([start]), writer.integers([end])]);
  const [batch, rows, columns] = [part(0, -2), part(-2, -1), part(-1, Number.MAX_SAFE_INTEGER)];
  const join = (...parts: readonly string[]): string => writer.op('Concat', parts, { axis: 0 });
  const matrices = writer.op('Reshape', [x, join(writer.integers([-1]), rows, columns)]);
  const swapped = writer.op('Transpose', [matrices], { perm: [0, 2, 1] });
  return writer.op('Reshape', [swapped, join(batch, columns, rows)]);
}
