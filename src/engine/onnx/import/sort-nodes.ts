import { EngineError } from '../../errors.js';
import type { GraphDef, NodeDef } from '../graph.js';
import { describeNode, mapGraphs } from '../node.js';
import { readsOf } from '../reads.js';

/** Names that may be read. */
interface Scope {
  has(name: string): boolean;
}

const NOTHING: Scope = { has: () => false };

/**
 * The graph with its nodes in topological order, otherwise as in the file; the graphs of branches and loops too. They may
 * read what surrounds them, and use its names anew for values of their own.
 *
 * @param outer names that the surrounding graph defines
 * @throws EngineError `INVALID_MODEL`. Thrown when a name is defined twice or never, or nodes depend on each other.
 */
export function sortNodes(graph: GraphDef, outer: Scope = NOTHING): GraphDef {
  const given = new Set(['', ...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  const inputNames = new Set(graph.inputs.map(({ name }) => name));
  if (inputNames.size < graph.inputs.length) throw invalid('inputs of different names', 'two of one name');

  const makers = new Set<string>();
  for (const name of graph.nodes.flatMap(({ outputs }) => outputs)) {
    if (name === '') continue;
    if (given.has(name) || makers.has(name)) throw invalid(`one definition of ${name}`, 'two');
    makers.add(name);
  }
  const known: Scope = { has: (name) => given.has(name) || makers.has(name) || outer.has(name) };
  for (const { name } of graph.outputs) {
    if (!known.has(name)) throw invalid(`a definition of the output ${name}`, 'none');
  }
  const sorted = topologicalOrder(graph.nodes, makers, known);
  return { ...graph, nodes: sorted.map((node) => mapGraphs(node, (inner) => sortNodes(inner, known))) };
}

/** The order of the file where that is one already, else what Kahn's algorithm makes of it. */
function topologicalOrder(nodes: readonly NodeDef[], makers: Scope, known: Scope): readonly NodeDef[] {
  const made = new Set<string>();
  let isInOrder = true;
  const readers = new Map<string, number[]>();
  const waitingFor = nodes.map((node, index) => {
    const missing = new Set<string>();
    for (const name of readsOf(node)) {
      if (!known.has(name)) throw invalid(`a definition of ${name}, which ${describeNode(node)} reads`, 'none');
      if (!makers.has(name) || missing.has(name)) continue;
      missing.add(name);
      if (!made.has(name)) isInOrder = false;
      const others = readers.get(name);
      if (others === undefined) readers.set(name, [index]);
      else others.push(index);
    }
    for (const output of node.outputs) made.add(output);
    return missing;
  });
  if (isInOrder) return nodes;
  const ready = waitingFor.flatMap((missing, index) => (missing.size === 0 ? [index] : []));
  for (const index of ready) {
    for (const output of nodes[index]?.outputs ?? []) {
      for (const reader of readers.get(output) ?? []) {
        const missing = waitingFor[reader] as Set<string>;
        if (missing.delete(output) && missing.size === 0) ready.push(reader); // which the loop goes on to
      }
    }
  }
  if (ready.length < nodes.length) {
    const isSorted = new Set(ready);
    const stuck = nodes.find((_, index) => !isSorted.has(index)) as NodeDef;
    throw invalid('nodes without a cycle', `one through ${describeNode(stuck)}`);
  }
  return ready.map((index) => nodes[index] as NodeDef);
}

const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_MODEL', `expected ${expected}, got ${got}`);
