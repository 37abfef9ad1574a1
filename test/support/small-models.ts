import { createHash } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { loadNetwork, type NetworkOptions } from '../../src/engine/models/load-network.js';
import type { ModelSource } from '../../src/engine/models/model-source.js';
import type { Network } from '../../src/engine/models/network.js';
import { encodeModel } from '../../src/engine/onnx/encode-model.js';
import type { Attribute, NodeDef, TensorValue, ValueInfo } from '../../src/engine/onnx/graph.js';
import type { JobInput, JobLabel } from '../../src/engine/runs/job.js';
import type { Shape } from '../../src/engine/tensor/shape.js';
import { type LinearHead, linearModel } from './feature-models.js';

export const runtime = { threads: 1, allowSpinning: false } as const;

/** A node that is named after its first output; whole numbers are `int`s. */
export const node = (
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, number | string | readonly number[]>> = {},
): NodeDef => ({
  opType,
  domain: '',
  name: outputs[0] ?? '',
  inputs,
  outputs,
  attributes: new Map(
    Object.entries(attributes).map(([name, value]): [string, Attribute] => {
      if (typeof value === 'number') return [name, { type: 'int', value }];
      return [name, typeof value === 'string' ? { type: 'string', value } : { type: 'ints', value }];
    }),
  ),
});

/** A declared float32 input or output; an axis of any length has a name. */
export const float32 = (name: string, ...shape: readonly (number | string)[]): ValueInfo => ({
  name,
  dataType: 'float32',
  shape,
});

/** A model file. Constants of 1 KiB or more would have to travel beside it: keep them smaller. */
export function modelFile(graph: {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly NodeDef[];
  readonly constants?: Readonly<Record<string, TensorValue>>;
  readonly opset?: number;
}): Uint8Array {
  const { inputs, outputs, nodes, constants = {}, opset = 18 } = graph;
  return encodeModel({
    irVersion: 8,
    opsets: new Map([['', opset]]),
    graph: { name: 'small', inputs, outputs, nodes, initializers: new Map(Object.entries(constants)) },
    functions: [],
    producer: 'test',
  }).file;
}

export const sourceOf = (file: Uint8Array, configText: string): ModelSource => ({
  name: 'small',
  version: '1',
  configText,
  file,
  externalFiles: new Map(),
  sha256: createHash('sha256').update(file).digest('hex'),
});

/** A model with linear heads over features from `range`, one line of `model.yaml` for each task. */
export const linearSource = (
  heads: readonly LinearHead[],
  tasks: readonly string[],
  range: readonly [number, number] = [0, 1],
): ModelSource =>
  sourceOf(
    linearModel(heads),
    `input: { kind: features, range: [${range}] }\ntasks:\n${tasks.map((task) => `  - { ${task} }\n`).join('')}`,
  );

/** A network that is disposed of when the test ends. */
export async function openNetwork(
  t: ExecutionContext,
  source: ModelSource,
  change: Partial<NetworkOptions> = {},
): Promise<Network> {
  const network = await loadNetwork(source, { role: 'attack', runtime, memoryBudgetBytes: 2 ** 28, ...change });
  t.teardown(() => network.dispose());
  return network;
}

/** A label of which all positions count, but for those that `valid` says 0 of. */
export const label = (
  data: readonly number[],
  valid: readonly number[] = data.map(() => 1),
  shape: Shape = [data.length],
): JobLabel => ({ data: Float32Array.from(data), valid: Uint8Array.from(valid), shape });

/** An input of features. */
export const features = (
  key: string,
  pixels: readonly number[],
  labels: Readonly<Record<string, JobLabel>> = {},
): JobInput => ({
  key,
  pixels: Float32Array.from(pixels),
  shape: [pixels.length],
  extraInputs: new Map(),
  labels: new Map(Object.entries(labels)),
});
