import type { Shape, Shaped } from '../tensor/shape.js';
import type { DataType } from './data-types.js';

/** A constant of a graph. */
export interface TensorValue extends Shaped {
  readonly dataType: DataType;
  /** The elements, row-major and little-endian; empty where they are text. */
  readonly bytes: Uint8Array;
  /** The elements of a tensor of text, which no program computes with. */
  readonly texts?: readonly string[];
}

/**
 * An attribute of a node: what ONNX knows of, without types and lists of tensors or graphs. Whole numbers are safe
 * integers, or so large that they only mean "to the end".
 */
export type Attribute =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: TensorValue }
  | { readonly type: 'graph'; readonly value: GraphDef }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  /** Inside a function: the attribute of the same kind that the caller gives under this name. */
  | { readonly type: 'reference'; readonly value: string };

export type Attributes = ReadonlyMap<string, Attribute>;

/** One operation. Inputs and outputs are names; an empty one is an optional one that is left out. */
export interface NodeDef {
  readonly opType: string;
  /** Empty for the operators of ONNX itself. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
  /** Which of the functions of that name is called, where there are several. */
  readonly overload?: string;
}

/** A declared input or output: an axis of any length has a name, or −1 where it has none. */
export interface ValueInfo {
  readonly name: string;
  /** `undefined` where it is left to be inferred: outputs, and what branches and loops take and give. */
  readonly dataType: DataType | undefined;
  /** `undefined` where even the rank is unknown. */
  readonly shape: readonly (number | string)[] | undefined;
}

export interface GraphDef {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly NodeDef[];
  readonly initializers: ReadonlyMap<string, TensorValue>;
}

/** A function that a model brings along: an operator made of others. */
export interface FunctionDef {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  /** Version of each operator set that its nodes are written in, by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly string[];
  readonly defaults: Attributes;
  readonly nodes: readonly NodeDef[];
}

/** What a model file says. */
export interface ModelDef {
  readonly irVersion: number;
  /** Version of each operator set by domain; ONNX's own is ``. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: GraphDef;
  readonly functions: readonly FunctionDef[];
  readonly producer: string;
}

/** A tensor of a static graph. Its shape has no unknown lengths: a program is built for one input shape. */
export interface Value extends Shaped {
  readonly name: string;
  readonly dataType: DataType;
}

/**
 * A graph for one input shape, in which everything that does not depend on the elements of its inputs is a constant.
 * Nodes are in topological order.
 */
export interface StaticGraph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly NodeDef[];
  readonly constants: ReadonlyMap<string, TensorValue>;
  /** Every tensor by name: inputs, constants and outputs of nodes. */
  readonly values: ReadonlyMap<string, Value>;
  /** The operator set of its nodes: at least 18. */
  readonly opset: number;
}

/** How the builder is told attributes: whole numbers are `int`s, so that a `float` says so. */
export type AttributeInput = number | string | readonly number[] | { readonly float: number };
export type AttributeInputs = Readonly<Record<string, AttributeInput>>;

/** Appends to a static graph, in operators whose form is valid from opset 18 on. */
export interface GraphBuilder {
  /** Appends a node and returns its first output. `undefined` leaves an optional input out. */
  op(opType: string, inputs: readonly (Value | undefined)[], attributes?: AttributeInputs): Value;
  /** Appends a node with several outputs. */
  ops(
    opType: string,
    inputs: readonly (Value | undefined)[],
    attributes: AttributeInputs,
    outputCount: number,
  ): readonly Value[];
  /** A constant. */
  constant(tensor: TensorValue): Value;
  /** A float32 scalar. */
  scalar(value: number): Value;
  /** A float32 constant. */
  floats(values: Float32Array, shape: Shape): Value;
  /** An int64 tensor with one axis: axes, lengths, indices. */
  integers(values: readonly number[]): Value;
  /** What `value` holds, if it is a constant. */
  constantOf(value: Value): TensorValue | undefined;
}
