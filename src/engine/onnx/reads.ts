import type { GraphDef, NodeDef } from './graph.js';

/** Names that a node reads: its inputs, and what the graphs in its attributes take from outside. */
export function readsOf(node: NodeDef): readonly string[] {
  const captured = [...node.attributes.values()].flatMap((attribute) =>
    attribute.type === 'graph' ? capturesOf(attribute.value) : [],
  );
  return [...node.inputs.filter((name) => name !== ''), ...captured];
}

/** Names that a graph reads and does not define. */
function capturesOf(graph: GraphDef): readonly string[] {
  const own = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const read = [...graph.nodes.flatMap(readsOf), ...graph.outputs.map(({ name }) => name)];
  return read.filter((name) => !own.has(name));
}
