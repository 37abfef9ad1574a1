import type { GraphDef, NodeDef } from './graph.js';
import { graphsOf } from './node.js';

/** Names that a node reads: its inputs, and what the graphs in its attributes take from outside. */
export function readsOf(node: NodeDef): readonly string[] {
  const inputs = node.inputs.filter((name) => name !== '');
  const graphs = graphsOf(node);
  return graphs.length === 0 ? inputs : [...new Set([...inputs, ...graphs.flatMap(capturesOf)])];
}

/** Names that a graph reads and does not define. */
export function capturesOf(graph: GraphDef): readonly string[] {
  const own = definedIn(graph);
  const read = [...graph.nodes.flatMap(readsOf), ...graph.outputs.map(({ name }) => name)];
  return read.filter((name) => !own.has(name));
}

/** Names of a graph's own inputs, constants and values, without those of graphs inside. */
const definedIn = (graph: GraphDef): ReadonlySet<string> =>
  new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
