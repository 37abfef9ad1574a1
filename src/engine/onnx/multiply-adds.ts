import { sizeOf } from '../tensor/shape.js';
import type { NodeDef } from './graph.js';

/** Multiplications of a node, from the shapes of its operands; 0 where one is unknown. */
export function multiplyAdds(node: NodeDef, shapeOf: (name: string) => readonly number[] | undefined): number {
  if (node.domain !== '') return 0;
  const [a, b] = node.inputs.map(shapeOf);
  const output = shapeOf(node.outputs[0] ?? '');
  if (a === undefined || b === undefined || output === undefined) return 0;
  switch (node.opType) {
    case 'Conv': // every output element: one product per weight of its channel
      return sizeOf(output) * sizeOf(b.slice(1));
    case 'ConvTranspose': // every input element: one product per weight that it meets
      return sizeOf(a) * sizeOf(b.slice(1));
    case 'MatMul':
      return sizeOf(output) * (a.at(-1) ?? 1);
    case 'Gemm': {
      const transposed = node.attributes.get('transA');
      const isTransposed = transposed?.type === 'int' && transposed.value === 1;
      return sizeOf(output) * ((isTransposed ? a[0] : a[1]) ?? 1);
    }
    default:
      return 0;
  }
}
