import type { NodeDef, StaticGraph, TensorValue } from './graph.js';
import { attributesOf, attributeValue } from './node.js';
import { int64Tensor } from './tensor-value.js';

/**
 * The same graph with every `Einsum` free of axes of length 1 that another operand stretches: they are squeezed away.
 *
 * ONNX Runtime 1.30 infers such an output as long as the first operand says, computes it as long as it is, and may write beyond the
 * memory that was planned for it: what is read next to it is then anything. Ellipses are left alone, for those are inferred right.
 */
export function squeezeEinsum(graph: StaticGraph): StaticGraph {
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.flatMap((node) =>
    node.domain === '' && node.opType === 'Einsum' ? squeezed(node, graph, constants) : [node],
  );
  return { ...graph, nodes, constants };
}

function squeezed(node: NodeDef, { values }: StaticGraph, constants: Map<string, TensorValue>): readonly NodeDef[] {
  const equation = (attributeValue(node, 'equation', 'string') ?? '').replaceAll(' ', '');
  const [left = '', output] = equation.split('->');
  const terms = left.split(',');
  const shapes = node.inputs.map((name) => values.get(name)?.shape);
  if (equation.includes('.') || output === undefined) return [node];
  const longest = new Map<string, number>();
  for (const [i, term] of terms.entries()) {
    for (const [axis, label] of [...term].entries()) {
      longest.set(label, Math.max(longest.get(label) ?? 1, shapes[i]?.[axis] ?? 1));
    }
  }
  const before: NodeDef[] = [];
  const operands = terms.map((term, i) => {
    const input = node.inputs[i] ?? '';
    const stretched = [...term].flatMap((label, axis) =>
      shapes[i]?.[axis] === 1 && (longest.get(label) ?? 1) > 1 ? [axis] : [],
    );
    // A term without a label is asking for trouble: such an operand stays as it is.
    if (stretched.length === 0 || stretched.length === term.length) return { term, input };
    const name = `${node.outputs[0]}::squeezed ${i}`;
    constants.set(`${name} axes`, int64Tensor(stretched));
    const attributes = attributesOf({});
    before.push({ opType: 'Squeeze', domain: '', name, inputs: [input, `${name} axes`], outputs: [name], attributes });
    return { term: [...term].filter((_, axis) => !stretched.includes(axis)).join(''), input: name };
  });
  if (before.length === 0) return [node];
  const attributes = attributesOf({ equation: `${operands.map(({ term }) => term).join()}->${output}` });
  return [...before, { ...node, inputs: operands.map(({ input }) => input), attributes }];
}
