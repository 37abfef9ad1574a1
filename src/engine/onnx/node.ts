import { EngineError } from '../errors.js';
import type { Attribute, AttributeInput, AttributeInputs, Attributes, GraphDef, NodeDef } from './graph.js';

/** The operator of a node, with its domain unless that is ONNX's own. */
export const operatorName = ({ domain, opType }: Pick<NodeDef, 'domain' | 'opType'>): string =>
  domain === '' ? opType : `${domain}.${opType}`;

/** A node as messages call it. Not every node has a name; its first output has one. */
export const describeNode = (node: NodeDef): string =>
  `${operatorName(node)} (node ${node.name || node.outputs.find((name) => name !== '') || 'without a name'})`;

/** Attributes of a node that we make: whole numbers are `int`s, so that a `float` says so. */
export const attributesOf = (inputs: AttributeInputs): Attributes =>
  new Map(Object.entries(inputs).map(([name, value]) => [name, attributeOf(value)]));

function attributeOf(value: AttributeInput): Attribute {
  if (typeof value === 'number') return { type: 'int', value };
  if (typeof value === 'string') return { type: 'string', value };
  if ('float' in value) return { type: 'float', value: value.float };
  return { type: 'ints', value };
}

type AttributeValues = { [A in Attribute as A['type']]: A['value'] };

/**
 * The value of an attribute, or `undefined` where the node has none of that name.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when it is of another type.
 */
export function attributeValue<Type extends Attribute['type']>(
  node: NodeDef,
  name: string,
  type: Type,
): AttributeValues[Type] | undefined {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return undefined;
  if (attribute.type !== type) {
    throw new EngineError(
      'INVALID_MODEL',
      `expected attribute ${name} of ${describeNode(node)} to be of type ${type}, got ${attribute.type}`,
    );
  }
  return attribute.value as AttributeValues[Type];
}

/** The node's attributes without those called `names`. */
export const attributesWithout = (node: NodeDef, ...names: readonly string[]): Attributes =>
  new Map([...node.attributes].filter(([name]) => !names.includes(name)));

/** Graphs in the attributes of a node: branches, and the bodies of loops. */
export const graphsOf = (node: NodeDef): readonly GraphDef[] =>
  [...node.attributes.values()].flatMap((attribute) => (attribute.type === 'graph' ? [attribute.value] : []));

/** The node with each graph in its attributes replaced by what `change` makes of it. */
export function mapGraphs(node: NodeDef, change: (graph: GraphDef) => GraphDef): NodeDef {
  if (graphsOf(node).length === 0) return node;
  const attributes = new Map(
    [...node.attributes].map(([name, attribute]): [string, Attribute] => [
      name,
      attribute.type === 'graph' ? { type: 'graph', value: change(attribute.value) } : attribute,
    ]),
  );
  return { ...node, attributes };
}
