import type { GraphModel } from '@tensorflow/tfjs-converter';
import type { io, NamedTensorMap } from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { EngineError } from '../../errors.js';
import type { DataType } from '../../onnx/data-types.js';
import type { GraphValue } from '../graph-value.js';
import type { ModelSource } from '../model-source.js';
import { type ModelJson, readModelJson, weightBytesOf } from './model-json.js';
import { refusalOf } from './refusals.js';
import type { Tensor, TfjsRuntime } from './runtime.js';
import { unfuseGraph } from './unfuse-graph.js';
import { unfuseLayers } from './unfuse-layers.js';

/** What a file says of an output: graphs do not tell what their numbers are. */
type Declared = Pick<GraphValue, 'name' | 'shape'>;

/** A model of TF.js, whatever its topology: tensors by name in, tensors by name out. */
export interface TfjsGraph {
  readonly inputs: readonly GraphValue[];
  /** Those that the file declares; axes that it leaves open are −1. */
  readonly outputs: readonly Declared[];
  readonly weightBytes: number;
  /**
   * Values of tensors, outputs or inside: a node of a graph, or the output of a layer. Whoever calls it holds a `tidy` around.
   *
   * @throws EngineError `INVALID_MODEL`. Thrown when there is no such tensor.
   */
  run(feeds: ReadonlyMap<string, Tensor>, names: readonly string[]): readonly Tensor[];
  dispose(): void;
}

/**
 * The model in the files of a version.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when TF.js does not load it.
 * @throws EngineError `UNSUPPORTED_OP`. Thrown when it has layers or operations that TF.js does not know.
 */
export async function openGraph(runtime: TfjsRuntime, source: ModelSource): Promise<TfjsGraph> {
  const json = readModelJson(source.file);
  const weights = json.groups.map((group) => weightBytesOf(group, source.externalFiles));
  const artifacts: io.ModelArtifacts = {
    modelTopology: json.kind === 'graph-model' ? unfuseGraph(json.topology) : json.topology,
    weightSpecs: json.groups.flatMap((group) => [...group.weights]) as io.WeightsManifestEntry[],
    weightData: joined(weights),
    ...(json.signature !== undefined && { signature: json.signature }),
  };
  const weightBytes = weights.reduce((sum, { length }) => sum + length, 0);
  try {
    return json.kind === 'graph-model'
      ? await openGraphModel(runtime, artifacts, json, weightBytes)
      : await openLayersModel(runtime, artifacts, weightBytes);
  } catch (cause) {
    throw refusalOf('INVALID_MODEL', 'a model that TF.js loads', cause);
  }
}

function joined(parts: readonly Uint8Array[]): ArrayBuffer {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes.buffer;
}

async function openLayersModel(
  { tf, layers }: TfjsRuntime,
  artifacts: io.ModelArtifacts,
  weightBytes: number,
): Promise<TfjsGraph> {
  const model = await layers.loadLayersModel({ load: async () => artifacts });
  unfuseLayers(tf, model);
  const parts = new Map<string, LayersModel>();
  const tensorOf = (name: string): SymbolicTensor => {
    const index = model.outputNames.indexOf(name);
    const tensor = index >= 0 ? model.outputs[index] : model.layers.find((layer) => layer.name === name)?.output;
    if (tensor === undefined || Array.isArray(tensor)) {
      throw invalid(`an output or a layer with one output (outputs: ${model.outputNames.join(', ')})`, name);
    }
    return tensor;
  };
  /** The layers that some tensors need: heads that nobody asks for are cut away. */
  function partFor(names: readonly string[]): LayersModel {
    const key = JSON.stringify(names);
    const part = parts.get(key) ?? layers.model({ inputs: model.inputs, outputs: names.map(tensorOf) });
    parts.set(key, part);
    return part;
  }
  return {
    inputs: model.inputs.map((tensor, i) => graphValue(model.inputNames[i] ?? '', tensor.dtype, tensor.shape)),
    outputs: model.outputs.map(({ shape }, i) => ({ name: model.outputNames[i] ?? '', shape: lengthsOf(shape) })),
    weightBytes,
    run(feeds, names) {
      const unique = [...new Set(names)];
      const inputs = model.inputNames.map((name) => feeds.get(name) as Tensor);
      const outputs = [partFor(unique).predictOnBatch(inputs.length === 1 ? (inputs[0] as Tensor) : inputs)].flat();
      return names.map((name) => outputs[unique.indexOf(name)] as Tensor);
    },
    dispose: () => void model.dispose(),
  };
}

async function openGraphModel(
  { converter }: TfjsRuntime,
  artifacts: io.ModelArtifacts,
  { topology, signature }: ModelJson,
  weightBytes: number,
): Promise<TfjsGraph> {
  const model: GraphModel = await converter.loadGraphModel({ load: async () => artifacts });
  const nodes = new Set(((topology['node'] ?? []) as readonly { name: string }[]).map(({ name }) => name));
  const inputKeys = keysByNode(signature?.['inputs']);
  const outputKeys = keysByNode(signature?.['outputs']);
  const keyOf = (tensor: string, keys: ReadonlyMap<string, string>): string =>
    keys.get(nodeOf(tensor)) ?? nodeOf(tensor);
  const inputNodes = new Map(model.inputs.map(({ name }) => [keyOf(name, inputKeys), nodeOf(name)]));
  const nodesByOutput = new Map([...outputKeys].map(([node, key]) => [key, node]));
  function tensorOf(name: string): string {
    const node = nodesByOutput.get(name) ?? name;
    if (!nodes.has(nodeOf(node))) throw invalid(`an output or a node of the graph`, name);
    return node;
  }
  return {
    inputs: model.inputs.map(({ name, dtype, shape }) => graphValue(keyOf(name, inputKeys), dtype, shape)),
    outputs: model.outputs.map(({ name, shape }) => ({ name: keyOf(name, outputKeys), shape: lengthsOf(shape) })),
    weightBytes,
    run(feeds, names) {
      const tensors = Object.fromEntries([...feeds].map(([name, tensor]) => [inputNodes.get(name) ?? name, tensor]));
      const unique = [...new Set(names)];
      const outputs = [model.execute(tensors as NamedTensorMap, unique.map(tensorOf))].flat();
      return names.map((name) => outputs[unique.indexOf(name)] as Tensor);
    },
    dispose: () => model.dispose(),
  };
}

/** The names that a signature gives to tensors, by the node that makes them. */
function keysByNode(signature: unknown): ReadonlyMap<string, string> {
  const entries = Object.entries((signature ?? {}) as Readonly<Record<string, { name?: string }>>);
  return new Map(entries.map(([key, { name = key }]) => [nodeOf(name), key]));
}

/** `node:0` is the first output of a node, as `node` is. */
const nodeOf = (tensor: string): string => tensor.replace(/:0$/, '');

function graphValue(name: string, dtype: string, shape: readonly (number | null)[] | undefined): GraphValue {
  return { name, dataType: dataTypeOf(name, dtype), shape: lengthsOf(shape) };
}

const lengthsOf = (shape: readonly (number | null)[] | undefined): number[] => (shape ?? []).map((n) => n ?? -1);

/**
 * The type of a tensor of TF.js, as ours.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when it holds text or complex numbers.
 */
export function dataTypeOf(name: string, dtype: string): DataType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw invalid(`numbers in ${name}`, dtype);
}

const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_MODEL', `expected ${expected}, got ${got}`);
