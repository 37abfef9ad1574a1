import { EngineError } from '../../errors.js';
import type { Attribute, FunctionDef, GraphDef, ModelDef, NodeDef, TensorValue, ValueInfo } from '../graph.js';
import { describeNode, mapGraphs } from '../node.js';
import type { FreshNames } from './fresh-names.js';
import { instantiateGraph } from './instantiate-graph.js';
import { sortNodes } from './sort-nodes.js';

/** Functions that call each other deeper than this do not come from exporters. */
const MAX_DEPTH = 100;

/** Most nodes that calls may become: a chain of functions that call the next one twice grows by powers of 2. */
const MAX_NODES = 200_000;

/**
 * The graph of a model with every call of a function replaced by its nodes.
 *
 * @param prepare brings the body of a function, written in `opset`, into the form of the graph that calls it
 * @throws EngineError `INVALID_MODEL`. Thrown when a function calls itself, calls are nested too deep or grow too large, or
 *   a call does not fit its function.
 */
export function inlineFunctions(
  { graph, functions, opsets }: ModelDef,
  names: FreshNames,
  prepare: (body: GraphDef, opset: number) => GraphDef,
): GraphDef {
  if (functions.length === 0) return graph;
  const definitions = new Map(functions.map((definition) => [keyOf(definition), definition]));
  if (definitions.size < functions.length) throw invalid('functions of different names', 'two of one name');
  let nodeCount = 0;

  function expand(source: GraphDef, callers: readonly FunctionDef[]): GraphDef {
    const nodes: NodeDef[] = [];
    const initializers = new Map<string, TensorValue>(source.initializers);
    for (const original of source.nodes) {
      const node = mapGraphs(original, (inner) => expand(inner, callers));
      const definition = definitions.get(keyOf({ ...node, name: node.opType, overload: node.overload ?? '' }));
      if (definition === undefined) {
        nodes.push(node);
        continue;
      }
      if (callers.includes(definition)) throw invalid('functions that do not call themselves', describeNode(node));
      if (callers.length >= MAX_DEPTH)
        throw invalid(`calls at most ${MAX_DEPTH} deep`, `a deeper one: ${describeNode(node)}`);
      const body = prepare(sortNodes(bodyOf(definition, node)), definition.opsets.get('') ?? opsets.get('') ?? 0);
      const instance = instantiateGraph(expand(body, [...callers, definition]), node.inputs, node.outputs, names);
      nodeCount += 1 + instance.nodes.length;
      if (nodeCount > MAX_NODES) throw invalid(`functions of at most ${MAX_NODES} nodes in all`, 'more');
      for (const inner of instance.nodes) nodes.push(inner);
      for (const [name, tensor] of instance.initializers) initializers.set(name, tensor);
    }
    return { ...source, nodes, initializers };
  }

  return expand(graph, []);
}

/** What tells a function from all others. */
const keyOf = ({ domain, name, overload }: Pick<FunctionDef, 'domain' | 'name' | 'overload'>): string =>
  JSON.stringify([domain, name, overload]);

/** The body of a function as a graph, with the attributes of a call in it. */
function bodyOf(definition: FunctionDef, call: NodeDef): GraphDef {
  if (call.inputs.length > definition.inputs.length || call.outputs.length > definition.outputs.length) {
    throw invalid(
      `at most ${definition.inputs.length} inputs and ${definition.outputs.length} outputs of ${describeNode(call)}`,
      `${call.inputs.length} and ${call.outputs.length}`,
    );
  }
  return {
    name: definition.name,
    inputs: definition.inputs.map(untyped),
    outputs: definition.outputs.map(untyped),
    nodes: bindAttributes(definition.nodes, new Map([...definition.defaults, ...call.attributes])),
    initializers: new Map(),
  };
}

const untyped = (name: string): ValueInfo => ({ name, dataType: undefined, shape: undefined });

/** `nodes` with references replaced by the attributes that are `given`; one that is not given is left out. */
function bindAttributes(nodes: readonly NodeDef[], given: ReadonlyMap<string, Attribute>): readonly NodeDef[] {
  return nodes.map((node) => {
    const bound = mapGraphs(node, (graph) => ({ ...graph, nodes: bindAttributes(graph.nodes, given) }));
    if (![...bound.attributes.values()].some(({ type }) => type === 'reference')) return bound;
    const attributes = [...bound.attributes].flatMap(([name, attribute]): [string, Attribute][] => {
      const value = attribute.type === 'reference' ? given.get(attribute.value) : attribute;
      return value === undefined ? [] : [[name, value]];
    });
    return { ...bound, attributes: new Map(attributes) };
  });
}

const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_MODEL', `expected ${expected}, got ${got}`);
