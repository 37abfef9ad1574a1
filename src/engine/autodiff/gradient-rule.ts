import type { Attribute, Attributes, GraphBuilder, TensorValue, Value } from '../onnx/graph.js';

/**
 * A node of the forward graph, as a rule sees it. Shapes are known, and so is every input that does not depend on pixels.
 *
 * The accessors throw `EngineError` `INTERNAL`. Thrown when the node has no such input, output or attribute; and `numbers`
 * throws `UNSUPPORTED_OP`. Thrown when its input depends on pixels.
 */
export interface ForwardNode {
  readonly opType: string;
  readonly name: string;
  readonly inputCount: number;
  readonly outputCount: number;
  /** Whether the optional input is given. */
  hasInput(index: number): boolean;
  input(index: number): Value;
  /** The value of an input that is a constant, else `undefined`. */
  constant(index: number): TensorValue | undefined;
  /** The numbers of an input that must be a constant: axes, pads, scales. `undefined` when it is left out. */
  numbers(index: number): readonly number[] | undefined;
  /** Whether the output is there and something reads it. */
  hasOutput(index: number): boolean;
  output(index: number): Value;
  /** All attributes, as they are. */
  attributes(): Attributes;
  int(name: string, otherwise?: number): number;
  float(name: string, otherwise?: number): number;
  string(name: string, otherwise?: string): string;
  ints(name: string, otherwise?: readonly number[]): readonly number[];
}

/** The same on the way back. */
export interface BackwardNode extends ForwardNode {
  /** Whether the loss depends on this output; if not, its cotangent is 0. */
  hasCotangent(index: number): boolean;
  /** dL/d(output `index`), with that output's shape. */
  cotangent(index: number): Value;
  /** The output of the rule's probe `index`. */
  probe(index: number): TensorValue;
}

/** Appends dL/d(input) when called; `undefined` for an input without a derivative (axes, indices, shapes). */
export type InputGradient = (() => Value) | undefined;

/** A node that runs once, while a program is built: how an operator tells a rule what it does to known inputs. */
export interface Probe {
  /** Attributes are those of the forward node, unless given. */
  readonly attributes?: ReadonlyMap<string, Attribute>;
  /** All inputs; `undefined` leaves an optional one out. */
  readonly inputs: readonly (TensorValue | undefined)[];
}

/** The vector-Jacobian product of one ONNX operator (opset 18), in standard ONNX operators only. */
export interface GradientRule {
  /** Set when the operator broadcasts its inputs: the caller then sums each gradient back to its input's shape. */
  readonly broadcasts?: true;
  /** Runs of the operator that `backward` needs the results of. */
  probes?(node: ForwardNode): readonly Probe[];
  /** One entry per input of `node`, in order; the caller calls those it needs. */
  backward(g: GraphBuilder, node: BackwardNode): readonly InputGradient[];
}
