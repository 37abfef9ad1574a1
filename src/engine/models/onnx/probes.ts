import { forwardNode, type NodeContext } from '../../autodiff/forward-node.js';
import type { Probe } from '../../autodiff/gradient-rule.js';
import { findRule, hasRule } from '../../autodiff/rules/index.js';
import { encodeModel } from '../../onnx/encode-model.js';
import type { NodeDef, StaticGraph, TensorValue } from '../../onnx/graph.js';
import { tensorValueOf } from '../convert.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { createSession, type RuntimeTensor } from './session.js';

/** Outputs of the probes of each node that has some, by the node's first output. */
export type ProbeOutputs = ReadonlyMap<string, readonly TensorValue[]>;

/** Runs what the rules of `nodes` ask to be run, all in one graph of constants. */
export async function runProbes(
  graph: Pick<StaticGraph, 'nodes' | 'values' | 'constants' | 'opset'>,
  runtime: RuntimeOptions,
): Promise<ProbeOutputs> {
  const context: NodeContext = {
    valueOf: (name) => graph.values.get(name),
    constantOf: (name) => graph.constants.get(name),
  };
  const initializers = new Map<string, TensorValue>();
  const nodes: NodeDef[] = [];
  const fetches = new Map<string, string[]>();
  for (const node of graph.nodes) {
    const probes = hasRule(node) ? (findRule(node).probes?.(forwardNode(node, context)) ?? []) : [];
    if (probes.length === 0) continue;
    const names = probes.map((probe) => {
      const runnable = probeNode(node, probe, nodes.length, initializers);
      nodes.push(runnable);
      return runnable.outputs[0] as string;
    });
    fetches.set(node.outputs[0] ?? '', names);
  }
  if (nodes.length === 0) return new Map();
  const outputs = nodes.map((node) => ({ name: node.outputs[0] as string, dataType: undefined, shape: undefined }));
  const file = encodeModel({
    irVersion: graph.opset > 20 ? 10 : 8,
    opsets: new Map([['', graph.opset]]),
    graph: { name: 'probes', inputs: [], outputs, nodes, initializers },
    functions: [],
    producer: 'robustgate',
  });
  const session = await createSession(file, { ...runtime, optimization: 'disabled', prepacking: false });
  try {
    const results = await session.run(
      new Map(),
      outputs.map(({ name }) => name),
    );
    const outputOf = (name: string): TensorValue => tensorValueOf(results.get(name) as RuntimeTensor);
    return new Map([...fetches].map(([output, names]) => [output, names.map(outputOf)]));
  } finally {
    await session.release();
  }
}

function probeNode(node: NodeDef, probe: Probe, index: number, initializers: Map<string, TensorValue>): NodeDef {
  const inputs = probe.inputs.map((tensor, i) => {
    if (tensor === undefined) return '';
    initializers.set(`probe-${index}-input-${i}`, tensor);
    return `probe-${index}-input-${i}`;
  });
  return {
    opType: node.opType,
    domain: node.domain,
    name: `probe-${index}`,
    inputs,
    outputs: [`probe-${index}`],
    attributes: probe.attributes ?? node.attributes,
  };
}
