import type { AttributeInputs, Attributes, GraphDef, NodeDef, TensorValue } from '../graph.js';
import { attributesOf, mapGraphs } from '../node.js';
import { float32Tensor, int64Tensor } from '../tensor-value.js';
import type { FreshNames } from './fresh-names.js';

/** Where the nodes go that take the place of another. */
export interface NodeWriter {
  /** The constant numbers that a name stands for, here or in the graph around; `undefined` for what is computed. */
  constantOf(name: string | undefined): TensorValue | undefined;
  /** A new constant; its name. */
  constant(tensor: TensorValue): string;
  /** A float32 scalar. */
  scalar(value: number): string;
  /** An int64 tensor with one axis. */
  integers(values: readonly number[]): string;
  /**
   * Writes a node of ONNX's own operators in the form of opset 18, and returns the name of its first output.
   *
   * @param inputs names; `undefined` or an empty one leaves an optional input out
   * @param outputs names that the replaced node gave; by default a new one
   */
  op(
    opType: string,
    inputs: readonly (string | undefined)[],
    attributes?: AttributeInputs | Attributes,
    outputs?: readonly string[],
  ): string;
  /** Writes a node as it is. */
  write(node: NodeDef): void;
}

/** Writes what computes the outputs of `node`, under the same names. */
export type Rewrite = (node: NodeDef, writer: NodeWriter) => void;

export interface RewriteOptions {
  readonly names: FreshNames;
  /** How a node is rewritten; `undefined` leaves it as it is. */
  find(node: NodeDef): Rewrite | undefined;
}

type Constants = (name: string) => TensorValue | undefined;

/** The graph with some of its nodes rewritten, in the graphs inside nodes too. */
export function rewriteNodes(
  graph: GraphDef,
  options: RewriteOptions,
  outerConstants: Constants = () => undefined,
): GraphDef {
  const initializers = new Map(graph.initializers);
  const hidden = new Set(graph.inputs.map(({ name }) => name));
  const constants: Constants = (name) =>
    initializers.get(name) ?? (hidden.has(name) ? undefined : outerConstants(name));
  const nodes: NodeDef[] = [];
  for (const original of graph.nodes) {
    const node = mapGraphs(original, (inner) => rewriteNodes(inner, options, constants));
    const rewrite = options.find(node);
    if (rewrite === undefined) nodes.push(node);
    else rewrite(node, nodeWriter(node, nodes, initializers, constants, options.names));
    for (const output of node.outputs) hidden.add(output);
  }
  return { ...graph, nodes, initializers };
}

function nodeWriter(
  replaced: NodeDef,
  nodes: NodeDef[],
  initializers: Map<string, TensorValue>,
  constants: Constants,
  names: FreshNames,
): NodeWriter {
  const base = replaced.outputs.find((name) => name !== '') ?? replaced.name;
  let isNamed = false;
  /** Names of nodes are unique, so the first that gives what the replaced one gave has its name; the others need none. */
  function nodeName(isOutput: boolean): string {
    if (!isOutput || isNamed) return '';
    isNamed = true;
    return replaced.name;
  }
  function constant(tensor: TensorValue): string {
    const name = names(base, 'constant');
    initializers.set(name, tensor);
    return name;
  }
  return {
    constantOf(name) {
      const tensor = name ? constants(name) : undefined;
      return tensor?.dataType === 'string' ? undefined : tensor;
    },
    constant,
    scalar: (value) => constant(float32Tensor(Float32Array.of(value), [])),
    integers: (values) => constant(int64Tensor(values)),
    op(opType, inputs, attributes = {}, given = undefined) {
      const outputs = given ?? [names(base, opType)];
      nodes.push({
        opType,
        domain: '',
        name: nodeName(given !== undefined),
        inputs: trimmed(inputs.map((name) => name ?? '')),
        outputs,
        attributes: attributes instanceof Map ? attributes : attributesOf(attributes as AttributeInputs),
      });
      return outputs[0] ?? '';
    },
    write: (node) => nodes.push(node),
  };
}

/** Without the optional inputs at the end that are left out. */
function trimmed(inputs: readonly string[]): readonly string[] {
  return inputs.slice(0, inputs.findLastIndex((name) => name !== '') + 1);
}
