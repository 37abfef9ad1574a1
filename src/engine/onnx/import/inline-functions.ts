import { EngineError } from '../../errors.js';
import type { Attribute, FunctionDef, GraphDef, ModelDef, NodeDef } from '../graph.js';

/** Functions that call others more deeply than this call themselves. */
const MAX_DEPTH = 50;

/**
 * The model without functions: every call of one is replaced by its nodes, with names of their own.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when functions call each other in a circle.
 */
export function inlineFunctions(model: ModelDef): ModelDef {
  if (model.functions.length === 0) return model;
  const functions = new Map(
    model.functions.map((definition) => [keyOf(definition.domain, definition.name), definition]),
  );
  let calls = 0;
  const inlineNode = (node: NodeDef, depth: number): readonly NodeDef[] => {
    const attributes = new Map([...node.attributes].map(([name, value]) => [name, inlineInner(value, depth)]));
    const definition = functions.get(keyOf(node.domain, node.opType));
    if (definition === undefined) return [{ ...node, attributes }];
    if (depth >= MAX_DEPTH) {
      throw new EngineError('INVALID_MODEL', `expected functions that end, got ${node.opType} calling itself`);
    }
    const body = bodyOf(definition, { ...node, attributes }, `call ${calls++}/`);
    return body.flatMap((inner) => inlineNode(inner, depth + 1));
  };
  const inlineInner = (attribute: Attribute, depth: number): Attribute =>
    attribute.type === 'graph' ? { type: 'graph', value: inlineGraph(attribute.value, depth) } : attribute;
  const inlineGraph = (graph: GraphDef, depth: number): GraphDef => ({
    ...graph,
    nodes: graph.nodes.flatMap((node) => inlineNode(node, depth)),
  });
  return { ...model, graph: inlineGraph(model.graph, 0), functions: [] };
}

const keyOf = (domain: string, name: string): string => `${domain}::${name}`;

/** The nodes of a function, for one call of it. */
function bodyOf(definition: FunctionDef, call: NodeDef, prefix: string): readonly NodeDef[] {
  const names = new Map<string, string>([['', '']]);
  for (const [i, input] of definition.inputs.entries()) names.set(input, call.inputs[i] ?? '');
  for (const [i, output] of definition.outputs.entries()) names.set(output, call.outputs[i] || prefix + output);
  const attributes = new Map([...definition.defaults, ...call.attributes]);
  const renamed = renamer(names, prefix, attributes);
  const body = definition.nodes.map(renamed);
  // A function may pass an input on as an output.
  const passed = definition.outputs.filter((output) => definition.inputs.includes(output));
  return [
    ...body,
    ...passed.map((output): NodeDef => {
      const index = definition.outputs.indexOf(output);
      return {
        opType: 'Identity',
        domain: '',
        name: prefix + output,
        inputs: [call.inputs[definition.inputs.indexOf(output)] ?? ''],
        outputs: [call.outputs[index] ?? ''],
        attributes: new Map(),
      };
    }),
  ];
}

function renamer(
  names: Map<string, string>,
  prefix: string,
  given: ReadonlyMap<string, Attribute>,
): (node: NodeDef) => NodeDef {
  const rename = (name: string): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    names.set(name, prefix + name);
    return prefix + name;
  };
  const attributesOf = (node: NodeDef): [string, Attribute][] =>
    [...node.attributes].flatMap(([name, attribute]): [string, Attribute][] => {
      if (attribute.type === 'graph') return [[name, { type: 'graph', value: graphOf(attribute.value) }]];
      if (attribute.type !== 'reference') return [[name, attribute]];
      const value = given.get(attribute.value);
      return value === undefined ? [] : [[name, value]]; // left out by the caller, and without a default
    });
  const nodeOf = (node: NodeDef): NodeDef => ({
    ...node,
    name: prefix + node.name,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: new Map(attributesOf(node)),
  });
  const graphOf = (graph: GraphDef): GraphDef => ({
    ...graph,
    inputs: graph.inputs.map((input) => ({ ...input, name: rename(input.name) })),
    outputs: graph.outputs.map((output) => ({ ...output, name: rename(output.name) })),
    nodes: graph.nodes.map(nodeOf),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [rename(name), tensor])),
  });
  return nodeOf;
}
