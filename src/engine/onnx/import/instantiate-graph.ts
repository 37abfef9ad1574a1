import { EngineError } from '../../errors.js';
import type { GraphDef, NodeDef, TensorValue } from '../graph.js';
import { mapGraphs } from '../node.js';
import type { FreshNames } from './fresh-names.js';

/** What stands for a graph in the graph around it. */
export interface Instance {
  readonly nodes: readonly NodeDef[];
  readonly initializers: ReadonlyMap<string, TensorValue>;
}

/**
 * A copy of a graph that can stand in another: its values have new names, and so have those of graphs inside it.
 *
 * @param inputs what each of its inputs is bound to; a missing or empty name is an optional input that is left out
 * @param outputs names that its outputs get; a missing or empty one is not wanted
 * @throws EngineError `INVALID_MODEL`. Thrown when an output is wanted that is an input left out.
 */
export function instantiateGraph(
  graph: GraphDef,
  inputs: readonly string[],
  outputs: readonly string[],
  names: FreshNames,
): Instance {
  const renamed = new Map(graph.inputs.map(({ name }, i) => [name, inputs[i] ?? '']));
  const makers = new Set(graph.nodes.flatMap((node) => node.outputs));
  const copies: NodeDef[] = [];
  for (const [i, { name }] of graph.outputs.entries()) {
    const wanted = outputs[i];
    if (!wanted) continue;
    if (makers.has(name) && !renamed.has(name)) renamed.set(name, wanted);
    else copies.push(identity(name, wanted)); // an input, a constant, a name from outside, or an output for the second time
  }
  const renames = renamesOf(graph, renamed, names);
  for (const copy of copies) {
    if (renames.get(copy.inputs[0] ?? '') === '') {
      throw new EngineError(
        'INVALID_MODEL',
        `expected an input for ${copy.inputs[0]}, which is an output too, got none`,
      );
    }
  }
  return {
    nodes: [
      ...graph.nodes.map((node) => renameNode(node, renames, names)),
      ...copies.map((copy) => renameInputs(copy, renames)),
    ],
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [renames.get(name) ?? name, tensor])),
  };
}

export const identity = (input: string, output: string): NodeDef => ({
  opType: 'Identity',
  domain: '',
  name: '',
  inputs: [input],
  outputs: [output],
  attributes: new Map(),
});

type Renames = ReadonlyMap<string, string>;

/** `renamed`, with a new name for everything else that the graph defines. */
function renamesOf(graph: GraphDef, renamed: Renames, names: FreshNames): Renames {
  const renames = new Map([...renamed, ['', '']]);
  const own = [
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ];
  for (const name of own) if (!renames.has(name)) renames.set(name, names(name, 'inlined'));
  return renames;
}

function renameNode(node: NodeDef, renames: Renames, names: FreshNames): NodeDef {
  const renamed = renameInputs(node, renames);
  return {
    ...mapGraphs(renamed, (inner) => renameGraph(inner, renames, names)),
    name: node.name === '' ? '' : names(node.name, 'inlined'),
    outputs: node.outputs.map((name) => renames.get(name) ?? name),
  };
}

const renameInputs = (node: NodeDef, renames: Renames): NodeDef => ({
  ...node,
  inputs: node.inputs.map((name) => renames.get(name) ?? name),
});

/** The graph of a branch or a loop inside what is copied: what it defines hides what surrounds it. */
function renameGraph(graph: GraphDef, outer: Renames, names: FreshNames): GraphDef {
  const own = renamesOf(graph, new Map(), names);
  const renames = new Map([...outer, ...own]);
  const rename = (name: string): string => renames.get(name) ?? name;
  return {
    name: graph.name,
    inputs: graph.inputs.map((input) => ({ ...input, name: rename(input.name) })),
    outputs: graph.outputs.map((output) => ({ ...output, name: rename(output.name) })),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [rename(name), tensor])),
    nodes: graph.nodes.map((node) => renameNode(node, renames, names)),
  };
}
