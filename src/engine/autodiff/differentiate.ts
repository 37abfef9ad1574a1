import { EngineError } from '../errors.js';
import { isFloatingPoint } from '../onnx/data-types.js';
import type { GraphBuilder, NodeDef, StaticGraph, TensorValue, Value } from '../onnx/graph.js';
import { sizeOf } from '../tensor/shape.js';
import { forwardNode } from './forward-node.js';
import type { BackwardNode } from './gradient-rule.js';
import { pullback } from './pullback.js';
import { findRule } from './rules/index.js';
import { zeroGradientReason } from './zero-gradient.js';

/** A node at which a path from the input to the loss ends: its derivative is 0 wherever it exists. */
export interface Cut {
  readonly opType: string;
  readonly node: string;
  readonly reason: string;
}

export interface Differentiated {
  /** dL/d(input), with the input's shape; `undefined` where no path leads from the input to the loss. */
  readonly gradient: Value | undefined;
  /** Where paths end, if any do. */
  readonly cuts: readonly Cut[];
}

/** What a program is differentiated from and to. */
export interface DifferentiateOptions {
  /** The graph so far; what is appended to it goes to `builder`. */
  readonly graph: Pick<StaticGraph, 'nodes' | 'constants' | 'values'>;
  readonly builder: GraphBuilder;
  /** dL/d(value) of the values that L is made of, by name. */
  readonly seeds: ReadonlyMap<string, Value>;
  /** Name of the input. */
  readonly input: string;
  /** Names of values that are taken for constants. */
  readonly stopped: ReadonlySet<string>;
  /** Outputs of the probes of each node that has some, by the node's first output. */
  readonly probes: ReadonlyMap<string, readonly TensorValue[]>;
}

/**
 * Appends the reverse-mode derivative of a scalar L with respect to one input.
 *
 * Nodes are visited from the last to the first; a node's rule turns the cotangents of its outputs into those of its
 * inputs, and what several readers of a value give is added up.
 *
 * @throws EngineError `UNSUPPORTED_OP`. Thrown when a node between the input and L has no rule.
 */
export function differentiate(options: DifferentiateOptions): Differentiated {
  const { graph, builder, seeds, input, stopped, probes } = options;
  const dependent = dependentsOf(graph.nodes, input, stopped);
  const cotangents = new Map(seeds);
  const cuts: Cut[] = [];

  function accumulate(name: string, gradient: Value): void {
    const sum = cotangents.get(name);
    cotangents.set(name, sum === undefined ? gradient : builder.op('Add', [sum, gradient]));
  }

  const context = {
    valueOf: (name: string) => graph.values.get(name),
    constantOf: (name: string) => graph.constants.get(name),
  };

  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => cotangents.has(output) && dependent.has(output))) continue;
    const reason = zeroGradientReason(node);
    if (reason !== undefined) {
      cuts.push({ opType: node.opType, node: node.name, reason });
      continue;
    }
    const forward = forwardNode(node, context);
    const backward: BackwardNode = {
      ...forward,
      hasCotangent: (index) => cotangents.has(node.outputs[index] ?? ''),
      cotangent: (index) => cotangents.get(node.outputs[index] ?? '') ?? zeros(builder, forward.output(index)),
      probe: (index) => probes.get(node.outputs[0] ?? '')?.[index] ?? missingProbe(node, index),
    };
    const needs = (index: number): boolean => {
      const name = node.inputs[index] ?? '';
      const value = graph.values.get(name);
      return dependent.has(name) && value !== undefined && isFloatingPoint(value.dataType);
    };
    for (const [index, gradient] of pullback(builder, findRule(node), backward, needs).entries()) {
      if (gradient !== undefined) accumulate(node.inputs[index] as string, gradient);
    }
  }
  return { gradient: cotangents.get(input), cuts };
}

/** Names of all values that depend on `input`, which is one of them, other than through `stopped` values. */
export function dependentsOf(
  nodes: readonly NodeDef[],
  input: string,
  stopped: ReadonlySet<string> = new Set(),
): ReadonlySet<string> {
  const dependent = new Set([input]);
  for (const node of nodes) {
    if (!node.inputs.some((name) => dependent.has(name))) continue;
    for (const output of node.outputs) if (output !== '' && !stopped.has(output)) dependent.add(output);
  }
  return dependent;
}

const zeros = (g: GraphBuilder, { shape }: Value): Value =>
  sizeOf(shape) === 1 ? g.floats(new Float32Array(1), shape) : g.op('Expand', [g.scalar(0), g.integers(shape)]);

function missingProbe(node: NodeDef, index: number): never {
  throw new EngineError('INTERNAL', `expected a probe ${index} of ${node.opType} (node ${node.name}), got none`);
}
