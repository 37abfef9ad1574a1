import { EngineError } from '../errors.js';
import type { Attribute, NodeDef, TensorValue, Value } from '../onnx/graph.js';
import { numbersOf } from '../onnx/tensor-value.js';
import type { ForwardNode } from './gradient-rule.js';
import { unsupported } from './unsupported.js';

/** The graph that a node stands in. */
export interface NodeContext {
  valueOf(name: string): Value | undefined;
  constantOf(name: string): TensorValue | undefined;
}

type AttributeValues = { [A in Attribute as A['type']]: A['value'] };

/** A node of a static graph, as rules see it. */
export function forwardNode(node: NodeDef, context: NodeContext): ForwardNode {
  const fail = (expected: string, got: string): never => {
    throw new EngineError('INTERNAL', `expected ${node.opType} (node ${node.name}) to have ${expected}, got ${got}`);
  };
  const value = (name: string | undefined, what: string): Value =>
    (name ? context.valueOf(name) : undefined) ?? fail(what, 'none');

  function read<Type extends Attribute['type']>(name: string, type: Type): AttributeValues[Type] | undefined {
    const attribute = node.attributes.get(name);
    if (attribute === undefined) return undefined;
    if (attribute.type !== type) return fail(`attribute ${name} of type ${type}`, attribute.type);
    return attribute.value as AttributeValues[Type];
  }

  return {
    opType: node.opType,
    name: node.name,
    inputCount: node.inputs.length,
    outputCount: node.outputs.length,
    hasInput: (index) => Boolean(node.inputs[index]),
    input: (index) => value(node.inputs[index], `an input ${index}`),
    constant: (index) => context.constantOf(node.inputs[index] ?? ''),
    numbers(index) {
      const name = node.inputs[index];
      if (!name) return undefined;
      const tensor = context.constantOf(name);
      if (tensor === undefined) throw unsupported(node, `an input ${index} that depends on the pixels`);
      return numbersOf(tensor);
    },
    hasOutput: (index) => Boolean(node.outputs[index] && context.valueOf(node.outputs[index])),
    output: (index) => value(node.outputs[index], `an output ${index}`),
    attributes: () => node.attributes,
    int: (name, otherwise) => read(name, 'int') ?? otherwise ?? fail(`attribute ${name}`, 'none'),
    float: (name, otherwise) => read(name, 'float') ?? otherwise ?? fail(`attribute ${name}`, 'none'),
    string: (name, otherwise) => read(name, 'string') ?? otherwise ?? fail(`attribute ${name}`, 'none'),
    ints: (name, otherwise) => read(name, 'ints') ?? otherwise ?? fail(`attribute ${name}`, 'none'),
  };
}
