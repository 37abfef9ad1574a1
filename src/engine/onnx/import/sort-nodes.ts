import { EngineError } from '../../errors.js';
import type { GraphDef, NodeDef } from '../graph.js';
import { readsOf } from '../reads.js';

/**
 * The graph with its nodes in topological order, otherwise as in the file.
 *
 * @param outer names that the surrounding graph defines, for the graph of a branch or a loop
 * @throws EngineError `INVALID_MODEL`. Thrown when a name is defined twice or never, or nodes depend on each other.
 */
export function sortNodes(graph: GraphDef, outer: ReadonlySet<string> = new Set()): GraphDef {
  const known = new Set(['', ...outer, ...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  const makers = new Map<string, number>();
  for (const [index, node] of graph.nodes.entries()) {
    for (const output of node.outputs) {
      if (output === '') continue;
      if (known.has(output) || makers.has(output)) throw invalid(`one definition of ${output}`, 'two');
      makers.set(output, index);
    }
  }

  // Kahn's algorithm, taking ready nodes in the order of the file.
  const waitingFor = graph.nodes.map((node) => {
    const missing = new Set<string>();
    for (const name of readsOf(node)) {
      if (known.has(name)) continue;
      if (!makers.has(name)) throw invalid(`a definition of ${name}, which node ${node.name} reads`, 'none');
      missing.add(name);
    }
    return missing;
  });
  const readers = new Map<string, number[]>();
  for (const [index, names] of waitingFor.entries()) {
    for (const name of names) readers.set(name, [...(readers.get(name) ?? []), index]);
  }
  const ready = waitingFor.flatMap((missing, index) => (missing.size === 0 ? [index] : []));
  const sorted: NodeDef[] = [];
  for (const index of ready) {
    const node = graph.nodes[index] as NodeDef;
    sorted.push(node);
    for (const output of node.outputs) {
      for (const reader of readers.get(output) ?? []) {
        const missing = waitingFor[reader] as Set<string>;
        if (missing.delete(output) && missing.size === 0) ready.push(reader);
      }
    }
  }
  if (sorted.length < graph.nodes.length) {
    const stuck = graph.nodes.find((node) => !sorted.includes(node));
    throw invalid('nodes without a cycle', `one through node ${stuck?.name} (${stuck?.opType})`);
  }
  for (const { name } of graph.outputs) {
    if (!known.has(name) && !makers.has(name)) throw invalid(`a definition of the output ${name}`, 'none');
  }
  return { ...graph, nodes: sorted };
}

const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_MODEL', `expected ${expected}, got ${got}`);
