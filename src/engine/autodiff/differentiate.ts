import { EngineError } from '../errors.js';
import type { GraphBuilder, NodeDef, StaticGraph, TensorValue, Value } from '../onnx/graph.js';
import { dependentsOf } from './derivable.js';
import { zeros } from './emit.js';
import { forwardNode } from './forward-node.js';
import type { BackwardNode, GradientRule } from './gradient-rule.js';
import { pullback } from './pullback.js';
import { findRule } from './rules/index.js';
import { zeroGradientReason } from './zero-gradient.js';

/** A node at which a path from an input to the loss ends: its derivative is 0 wherever it exists. */
export interface Cut {
  readonly opType: string;
  readonly node: string;
  readonly reason: string;
}

export interface Differentiated {
  /** dL/d(input) by the input's name, with its shape; none where no path leads from the input to the loss. */
  readonly gradients: ReadonlyMap<string, Value>;
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
  /** Names of the inputs. */
  readonly inputs: readonly string[];
  /** Names of values that are taken for constants. */
  readonly stopped: ReadonlySet<string>;
  /** Rules of single nodes instead of their operators', by the node's first output. */
  readonly rules?: ReadonlyMap<string, GradientRule>;
  /** Outputs of the probes of each node that has some, by the node's first output. */
  readonly probes: ReadonlyMap<string, readonly TensorValue[]>;
}

/**
 * Appends the reverse-mode derivative of a scalar L with respect to some of its inputs.
 *
 * Nodes are visited from the last to the first; a node's rule turns the cotangents of its outputs into those of its
 * inputs, and what several readers of a value give is added up.
 *
 * @throws EngineError `UNSUPPORTED_OP`. Thrown when a node between an input and L has no rule.
 */
export function differentiate(options: DifferentiateOptions): Differentiated {
  const { graph, builder, seeds, inputs, stopped, probes, rules } = options;
  const { dependent, derivable } = dependentsOf(graph, inputs, stopped);
  const cotangents = new Map(seeds);
  /** Values without a derivative that L depends on as on numbers, not as on indices or conditions. */
  const reached = new Set<string>();
  const cuts: Cut[] = [];

  function accumulate(name: string, gradient: Value): void {
    const sum = cotangents.get(name);
    cotangents.set(name, sum === undefined ? gradient : builder.op('Add', [sum, gradient]));
  }

  function needs(name: string): boolean {
    if (derivable.has(name)) return true;
    if (dependent.has(name)) reached.add(name);
    return false;
  }

  const context = {
    valueOf: (name: string) => graph.values.get(name),
    constantOf: (name: string) => graph.constants.get(name),
  };

  function visit(node: NodeDef): void {
    const forward = forwardNode(node, context);
    const backward: BackwardNode = {
      ...forward,
      hasCotangent: (index) => cotangents.has(node.outputs[index] ?? ''),
      cotangent: (index) => cotangents.get(node.outputs[index] ?? '') ?? zeros(builder, forward.output(index).shape),
      probe: (index) => probes.get(node.outputs[0] ?? '')?.[index] ?? missingProbe(node, index),
    };
    const gradients = pullback(builder, rules?.get(node.outputs[0] ?? '') ?? findRule(node), backward, (index) =>
      needs(node.inputs[index] ?? ''),
    );
    for (const [index, gradient] of gradients.entries()) {
      if (gradient !== undefined) accumulate(node.inputs[index] as string, gradient);
    }
  }

  for (const node of graph.nodes.toReversed()) {
    const outputs = node.outputs.filter((name) => dependent.has(name));
    const isOnPath = outputs.some((name) => cotangents.has(name));
    if (!isOnPath && !outputs.some((name) => reached.has(name))) continue;
    const reason = zeroGradientReason(node) ?? (isOnPath ? undefined : roundingReason(node, derivable));
    if (reason !== undefined) cuts.push({ opType: node.opType, node: node.name, reason });
    else if (isOnPath) visit(node);
    else for (const name of node.inputs) needs(name);
  }
  const gradients = inputs.flatMap((input): [string, Value][] => {
    const gradient = cotangents.get(input);
    return gradient === undefined ? [] : [[input, gradient]];
  });
  return { gradients: new Map(gradients), cuts };
}

/** Why a path ends at a node whose output has no derivative, if that is because of what the node does. */
const roundingReason = ({ inputs }: NodeDef, derivable: ReadonlySet<string>): string | undefined =>
  inputs.some((name) => derivable.has(name)) ? 'its output is whole numbers' : undefined;

function missingProbe(node: NodeDef, index: number): never {
  throw new EngineError('INTERNAL', `expected a probe ${index} of ${node.opType} (node ${node.name}), got none`);
}
