import { isSameShape } from '../tensor/shape.js';
import type { NodeDef, StaticGraph, TensorValue } from './graph.js';
import { graphsOf } from './node.js';
import { capturesOf, readsOf } from './reads.js';
import { float32Of, float32Tensor, int64Tensor, numbersOf } from './tensor-value.js';

/**
 * The same graph without nodes that do nothing, with batch normalisation folded into the convolution before it (there it costs
 * nothing, neither forward nor backward), and with paddings of all axes.
 */
export function simplify(graph: StaticGraph): StaticGraph {
  return padAllAxes(foldBatchNorms(dropNoOps(graph)));
}

/** Operators that only rearrange the shape: no-ops where it stays the same. */
const RESHAPES = new Set(['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Expand']);

function dropNoOps(graph: StaticGraph): StaticGraph {
  // Names that have to stay: those of outputs, and those that branches and loops read by name.
  const kept = new Set([
    ...graph.outputs.map(({ name }) => name),
    ...graph.nodes.flatMap(graphsOf).flatMap(capturesOf),
  ]);
  const aliases = new Map<string, string>();
  const resolve = (name: string): string => aliases.get(name) ?? name;
  const nodes: NodeDef[] = [];
  for (const original of graph.nodes) {
    const node = { ...original, inputs: original.inputs.map(resolve) };
    const [output = ''] = node.outputs;
    if (isNoOp(node, graph) && !kept.has(output)) aliases.set(output, node.inputs[0] as string);
    else nodes.push(node);
  }
  return { ...graph, nodes };
}

function isNoOp(node: NodeDef, { values, constants }: StaticGraph): boolean {
  if (node.domain !== '') return false;
  const [input, output] = [values.get(node.inputs[0] ?? ''), values.get(node.outputs[0] ?? '')];
  if (input === undefined || output === undefined) return false;
  const isMaskRead = node.outputs.length > 1 && node.outputs[1] !== '';
  switch (node.opType) {
    case 'Identity':
      return true;
    case 'Dropout':
      return !isMaskRead && !trains(node, constants); // in inference it passes its input on
    case 'Cast':
      return input.dataType === output.dataType;
    default:
      return RESHAPES.has(node.opType) && isSameShape(input.shape, output.shape);
  }
}

/** Whether a `Dropout` drops: its third input says so. */
function trains({ inputs: [, , mode = ''] }: NodeDef, constants: StaticGraph['constants']): boolean {
  return mode !== '' && constants.get(mode)?.bytes[0] !== 0;
}

function foldBatchNorms(graph: StaticGraph): StaticGraph {
  const readers = new Map<string, number>();
  for (const name of graph.nodes.flatMap(readsOf)) readers.set(name, (readers.get(name) ?? 0) + 1);
  for (const { name } of graph.outputs) readers.set(name, (readers.get(name) ?? 0) + 1);
  const makers = new Map(graph.nodes.map((node) => [node.outputs[0] ?? '', node]));

  const constants = new Map(graph.constants);
  const values = new Map(graph.values);
  const replaced = new Map<NodeDef, NodeDef | undefined>();
  for (const norm of graph.nodes) {
    if (norm.opType !== 'BatchNormalization' || norm.domain !== '' || norm.attributes.has('training_mode')) continue;
    const conv = makers.get(norm.inputs[0] ?? '');
    if (conv?.opType !== 'Conv' || conv.domain !== '' || readers.get(norm.inputs[0] ?? '') !== 1) continue;
    const folded = fold(conv, norm, constants);
    if (folded === undefined) continue;
    const inputs = [conv.inputs[0] as string];
    for (const [what, tensor] of [
      ['weight', folded.weight],
      ['bias', folded.bias],
    ] as const) {
      const name = `${norm.outputs[0]}::folded-${what}`;
      constants.set(name, tensor);
      values.set(name, { name, dataType: tensor.dataType, shape: tensor.shape });
      inputs.push(name);
    }
    replaced.set(conv, { ...conv, inputs, outputs: [norm.outputs[0] as string] });
    replaced.set(norm, undefined);
  }
  const nodes = graph.nodes.flatMap((node) => (replaced.has(node) ? (replaced.get(node) ?? []) : node));
  return { ...graph, nodes, constants, values };
}

/**
 * Y = γ (W ∗ X + b − μ) / √(σ² + ε) + β, as one convolution. `undefined` where something is not constant.
 * Spec: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
 */
function fold(
  conv: NodeDef,
  norm: NodeDef,
  constants: ReadonlyMap<string, TensorValue>,
): { weight: TensorValue; bias: TensorValue } | undefined {
  const weight = constants.get(conv.inputs[1] ?? '');
  const parameters = norm.inputs.slice(1, 5).map((name) => constants.get(name));
  const bias = conv.inputs[2] ? constants.get(conv.inputs[2]) : undefined;
  if (conv.inputs[2] && bias === undefined) return undefined;
  if (weight?.dataType !== 'float32' || parameters.some((tensor) => tensor?.dataType !== 'float32')) return undefined;
  const [gamma, beta, mean, variance] = parameters.map((tensor) => float32Of(tensor as TensorValue)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const epsilonAttribute = norm.attributes.get('epsilon');
  const epsilon = epsilonAttribute?.type === 'float' ? epsilonAttribute.value : 1e-5;
  const factor = Float64Array.from(gamma, (g, c) => g / Math.sqrt((variance[c] as number) + epsilon));
  const perChannel = weight.bytes.byteLength / 4 / factor.length;
  const scaled = float32Of(weight).map((w, i) => w * (factor[Math.floor(i / perChannel)] as number));
  const before = bias && float32Of(bias);
  const shifted = Float32Array.from(
    factor,
    (f, c) => ((before?.[c] ?? 0) - (mean[c] as number)) * f + (beta[c] as number),
  );
  return { weight: float32Tensor(scaled, weight.shape), bias: float32Tensor(shifted, [factor.length]) };
}

/**
 * `Pad` without the input `axes`. ONNX Runtime 1.30 moves a `Pad` that has it past a transposition as if it had not, and what
 * it makes ends in an error.
 */
function padAllAxes(graph: StaticGraph): StaticGraph {
  const constants = new Map(graph.constants);
  const values = new Map(graph.values);
  const nodes = graph.nodes.map((node): NodeDef => {
    const [x = '', pads = '', value = '', axes = ''] = node.inputs;
    const given = [constants.get(pads), constants.get(axes)];
    const rank = values.get(x)?.shape.length;
    if (node.opType !== 'Pad' || node.domain !== '' || axes === '' || rank === undefined) return node;
    const [lengths, places] = given.map((tensor) => tensor && numbersOf(tensor));
    if (lengths === undefined || places === undefined) return node;
    const all = new Array<number>(2 * rank).fill(0);
    for (const [i, place] of places.entries()) {
      const axis = place < 0 ? place + rank : place;
      all[axis] = lengths[i] as number;
      all[axis + rank] = lengths[i + places.length] as number;
    }
    const name = `${node.outputs[0]}::all-pads`;
    const tensor = int64Tensor(all);
    constants.set(name, tensor);
    values.set(name, { name, dataType: tensor.dataType, shape: tensor.shape });
    return { ...node, inputs: value === '' ? [x, name] : [x, name, value] };
  });
  return { ...graph, nodes, constants, values };
}
