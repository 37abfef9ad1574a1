import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskInfo } from '../../src/engine/models/model-info.js';
import type { ModelSource } from '../../src/engine/models/model-source.js';
import { openTrainable } from '../../src/engine/models/onnx/training/open-trainable.js';
import { channelShape, preprocessingOf } from '../../src/engine/models/preprocessing.js';
import type { BatchNormMode, Trainable, TrainingInput, TrainingRequest } from '../../src/engine/models/trainable.js';
import { encodeModel } from '../../src/engine/onnx/encode-model.js';
import type { ModelDef, NodeDef } from '../../src/engine/onnx/graph.js';
import { bytesOf, float32Of } from '../../src/engine/onnx/tensor-value.js';
import { keyedRandom } from '../../src/engine/tensor/random.js';
import { type Shape, sizeOf } from '../../src/engine/tensor/shape.js';
import type { LabNetwork } from '../../src/lab/networks/lab-network.js';

/** A network of the lab as a model repository has it. */
export function labSource({ model, configText }: LabNetwork): ModelSource {
  const { file, externalTensors } = encodeModel(model);
  return { name: 'lab', version: '1', configText, file, externalFiles: externalTensors, sha256: '' };
}

/** A training step of a network of the lab on random examples. */
export interface TrainingCase {
  readonly model: ModelDef;
  readonly trainable: Trainable;
  readonly request: TrainingRequest;
  readonly input: TrainingInput;
}

export interface TrainingCaseOptions {
  readonly size: readonly [height: number, width: number];
  readonly batchSize: number;
  readonly batchNorm: BatchNormMode;
  readonly threads?: number;
}

/** All tasks with their usual losses and weights λ of 1/N … 2/N, labels of which one of seven does not count. */
export async function trainingCase(network: LabNetwork, options: TrainingCaseOptions): Promise<TrainingCase> {
  const { size, batchSize, batchNorm, threads = 1 } = options;
  const trainable = await openTrainable(labSource(network), { frozen: network.frozen, threads, allowSpinning: true });
  const { tasks } = trainable.info;
  const inputShape = [3, ...size];
  const draw = keyedRandom('start', 1, 'training case', 0);
  const drawn = (count: number, of: () => number): Float32Array => Float32Array.from({ length: count }, of);
  const labels = new Map(
    tasks.map((task) => [task.name, drawn(batchSize * sizeOf(labelShape(task, size)), () => labelOf(task, draw))]),
  );
  return {
    model: network.model,
    trainable,
    request: {
      tasks: tasks.map(({ name, loss }) => ({ task: name, loss })),
      inputShape,
      batchSize,
      batchNorm,
    },
    input: {
      pixels: {
        shape: [batchSize, ...inputShape],
        data: drawn(batchSize * sizeOf(inputShape), () => Math.floor(256 * draw())),
      },
      extraInputs: new Map(),
      weights: drawn(batchSize * tasks.length, () => (1 + draw()) / batchSize),
      isBalanced: false,
      labels,
      valid: new Map(
        [...labels].map(([name, { length }]) => [name, Uint8Array.from({ length }, (_, i) => Number(i % 7 > 0))]),
      ),
      state: trainable.initialState,
    },
  };
}

const hasClasses = ({ labelForm }: TaskInfo): boolean => labelForm === 'class-map';

function labelShape(task: TaskInfo, size: Shape): Shape {
  return hasClasses(task) ? size : [task.shape[0] as number, ...size];
}

const labelOf = (task: TaskInfo, draw: () => number): number =>
  hasClasses(task) ? Math.floor(draw() * (task.shape[task.classAxis] as number)) : 2 * draw() - 1;

/** Writes a step for bench/training/torch_step.py into a folder. */
export async function writeCase(folder: string, { model, trainable, request, input }: TrainingCase): Promise<void> {
  const { graph } = model;
  const { info, config } = trainable;
  const preprocessing = preprocessingOf(config.input, 3);
  const perChannel = channelShape(preprocessing, input.pixels.shape);
  const batch = [request.batchSize];
  const shapeOf = (task: TaskInfo): Shape => [...batch, ...labelShape(task, request.inputShape.slice(1))];
  const all: [name: string, shape: Shape, numbers: Float32Array][] = [
    ...[...graph.initializers].map(([name, tensor]): [string, Shape, Float32Array] => [
      name,
      tensor.shape,
      input.state.get(name) ?? float32Of(tensor),
    ]),
    ['pixels', input.pixels.shape, input.pixels.data],
    ['scale', perChannel, preprocessing.scale],
    ['offset', perChannel, preprocessing.offset],
    ['weights', [...batch, request.tasks.length], input.weights],
    ...info.tasks.flatMap((task): [string, Shape, Float32Array][] => [
      [`labels:${task.name}`, shapeOf(task), input.labels.get(task.name) ?? new Float32Array()],
      [`valid:${task.name}`, shapeOf(task), Float32Array.from(input.valid.get(task.name) ?? [])],
    ]),
  ];
  let offset = 0;
  const tensors = all.map(([name, shape, { length }]) => {
    offset += length;
    return { name, shape, offset: offset - length };
  });
  await mkdir(folder, { recursive: true });
  const file = await open(join(folder, 'tensors.bin'), 'w');
  for (const [, , numbers] of all) await file.write(bytesOf(numbers));
  await file.close();
  const step = {
    batchNorm: request.batchNorm,
    nodes: graph.nodes.map(plainNode),
    tensors,
    tasks: info.tasks.map(({ name, output, loss }) => {
      const classWeights = config.tasks.find((task) => task.name === name)?.classWeights ?? [];
      return { name, output, loss, classWeights };
    }),
    parameters: [...trainable.parameters.keys()],
    statistics: trainable.statistics.map(({ mean, variance }) => [mean, variance]),
  };
  await writeFile(join(folder, 'step.json'), JSON.stringify(step));
}

const plainNode = ({ opType, inputs, outputs, attributes }: NodeDef) => ({
  opType,
  inputs,
  outputs,
  attributes: Object.fromEntries([...attributes].map(([name, { value }]) => [name, value])),
});

/** What a step says, as one list of named tensors: losses, gradients, statistics. */
export async function ourStep({ trainable, request, input }: TrainingCase): Promise<ReadonlyMap<string, Float32Array>> {
  const program = await trainable.trainingProgram(request);
  try {
    const { losses, gradients, statistics } = await program.run(input);
    return new Map([['losses', losses.data], ...gradients, ...statistics]);
  } finally {
    await program.dispose();
  }
}

/** What torch_step.py wrote, under the same names in the same order. */
export function namedResults(
  bytes: Uint8Array,
  { trainable, request }: Pick<TrainingCase, 'trainable' | 'request'>,
): ReadonlyMap<string, Float32Array> {
  const sizes: [string, number][] = [
    ['losses', request.batchSize * request.tasks.length],
    ...[...trainable.parameters].map(([name, shape]): [string, number] => [name, sizeOf(shape)]),
  ];
  if (request.batchNorm === 'batch') {
    for (const { mean, variance } of trainable.statistics) {
      const size = trainable.initialState.get(mean)?.length ?? 0;
      sizes.push([mean, size], [variance, size]);
    }
  }
  const numbers = new Float32Array(bytes.slice().buffer);
  let offset = 0;
  const results = new Map(
    sizes.map(([name, size]) => {
      offset += size;
      return [name, numbers.subarray(offset - size, offset)];
    }),
  );
  if (offset !== numbers.length) throw new Error(`expected ${offset} numbers, got ${numbers.length}`);
  return results;
}
