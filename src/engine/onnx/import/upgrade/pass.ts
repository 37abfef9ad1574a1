import type { Attribute, NodeDef, TensorValue } from '../../graph.js';

/** What a pass may add to the graph, under names that are new to it. */
export interface PassContext {
  /** Adds a constant and returns its name. */
  constant(tensor: TensorValue): string;
  /** A name for a value in between. */
  freshName(): string;
}

/** Rewrites the nodes of one operator, so that they mean in `until` and later what they meant before. */
export interface UpgradePass {
  /** The operator set that changed the operator: nodes of older models are rewritten. */
  readonly until: number;
  /** The nodes that replace one. */
  upgrade(node: NodeDef, context: PassContext): readonly NodeDef[];
}

/** The node with other inputs and attributes. */
export function withoutAttributes(node: NodeDef, ...names: readonly string[]): NodeDef {
  const attributes = new Map([...node.attributes].filter(([name]) => !names.includes(name)));
  return { ...node, attributes };
}

export const withAttribute = (node: NodeDef, name: string, attribute: Attribute): NodeDef => ({
  ...node,
  attributes: new Map(node.attributes).set(name, attribute),
});

/** The node with an input at a place, those before it left out if need be. */
export function withInput(node: NodeDef, index: number, name: string): NodeDef {
  const inputs = Array.from({ length: Math.max(node.inputs.length, index + 1) }, (_, i) => node.inputs[i] ?? '');
  return { ...node, inputs: inputs.with(index, name) };
}

export function intsOf(node: NodeDef, name: string): readonly number[] | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'ints' ? attribute.value : undefined;
}

export function intOf(node: NodeDef, name: string): number | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'int' ? attribute.value : undefined;
}

export function floatOf(node: NodeDef, name: string): number | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'float' ? attribute.value : undefined;
}
