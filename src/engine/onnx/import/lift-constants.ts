import type { GraphDef, NodeDef, TensorValue } from '../graph.js';
import { mapGraphs } from '../node.js';
import { float32Tensor, int64Tensor } from '../tensor-value.js';

/** The graph with its `Constant` nodes turned into initializers, in the graphs inside nodes too. */
export function liftConstants(graph: GraphDef): GraphDef {
  const initializers = new Map(graph.initializers);
  const nodes: NodeDef[] = [];
  for (const node of graph.nodes) {
    const [output = ''] = node.outputs;
    const tensor = node.domain === '' && node.opType === 'Constant' ? constantOf(node) : undefined;
    if (tensor === undefined || initializers.has(output)) nodes.push(mapGraphs(node, liftConstants));
    else initializers.set(output, tensor);
  }
  return { ...graph, nodes, initializers };
}

function constantOf({ attributes }: NodeDef): TensorValue | undefined {
  const [attribute] = attributes.values();
  switch (attribute?.type) {
    case 'tensor':
      return attribute.value;
    case 'float':
      return float32Tensor(Float32Array.of(attribute.value), []);
    case 'floats':
      return float32Tensor(Float32Array.from(attribute.value), [attribute.value.length]);
    case 'int':
      return int64Tensor([attribute.value], []);
    case 'ints':
      return int64Tensor(attribute.value);
    case 'string':
      return textTensor([attribute.value], []);
    case 'strings':
      return textTensor(attribute.value, [attribute.value.length]);
    default:
      return undefined;
  }
}

const textTensor = (texts: readonly string[], shape: readonly number[]): TensorValue => ({
  dataType: 'string',
  shape,
  bytes: new Uint8Array(),
  texts,
});
