import type { GraphDef, ModelDef, NodeDef } from '../graph.js';
import { graphsOf } from '../node.js';

/** A name that no value and no node of the model has, and that tells where it comes from: `base::what`. */
export type FreshNames = (base: string, what: string) => string;

/** Names beside all those of a model, the graphs inside its nodes and its functions. */
export function freshNames(model: ModelDef): FreshNames {
  const taken = new Set<string>();
  collectFromGraph(model.graph, taken);
  for (const { inputs, nodes } of model.functions) {
    for (const name of inputs) taken.add(name);
    collectFromNodes(nodes, taken);
  }
  /** How often a name was asked for, so that finding the next one takes no search. */
  const counts = new Map<string, number>();
  return (base, what) => {
    const wanted = `${base}::${what}`;
    let count = counts.get(wanted) ?? 0;
    const numbered = (): string => (count === 0 ? wanted : `${wanted}-${count}`);
    while (taken.has(numbered())) count++;
    const name = numbered();
    counts.set(wanted, count + 1);
    taken.add(name);
    return name;
  };
}

function collectFromGraph(graph: GraphDef, taken: Set<string>): void {
  for (const { name } of [...graph.inputs, ...graph.outputs]) taken.add(name);
  for (const name of graph.initializers.keys()) taken.add(name);
  collectFromNodes(graph.nodes, taken);
}

function collectFromNodes(nodes: readonly NodeDef[], taken: Set<string>): void {
  for (const node of nodes) {
    for (const name of [node.name, ...node.inputs, ...node.outputs]) taken.add(name);
    for (const graph of graphsOf(node)) collectFromGraph(graph, taken);
  }
}
