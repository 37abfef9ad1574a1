import { EngineError } from '../errors.js';
import { predictedClasses } from '../metrics/predicted-class.js';
import type { TaskInfo } from '../models/model-info.js';
import type { Network } from '../models/network.js';
import { sizeOf } from '../tensor/shape.js';
import { examplesOf, type Tensor } from '../tensor/tensor.js';
import type { Example } from './examples.js';
import { labelProblem } from './examples.js';
import type { LabelSource } from './job.js';

/** What is true for a task of an example, and how we know. */
export interface KnownLabel {
  readonly data: Float32Array;
  readonly valid: Uint8Array;
  readonly source: LabelSource;
}

/** Labels of one example by task. */
export type KnownLabels = ReadonlyMap<string, KnownLabel>;

/** Elements of the label of one example. */
export const labelSize = (task: TaskInfo, output: Tensor): number => {
  const size = sizeOf(output.shape.slice(1));
  return task.labelForm === 'class' || task.labelForm === 'class-map' ? size / task.classCount : size;
};

/**
 * The labels of examples: given, or for a reconstruction the clean input, or with `labelFree` the model's own prediction.
 *
 * @param outputs what the original model says of the clean examples, by task
 * @throws EngineError `INVALID_REQUEST`. Thrown when a label does not fit the output.
 */
export function knownLabels(
  network: Network,
  examples: readonly Example[],
  outputs: ReadonlyMap<string, Tensor>,
  labelFree: boolean,
): readonly KnownLabels[] {
  return examples.map((example, n) => {
    const labels = new Map<string, KnownLabel>();
    for (const task of network.info.tasks) {
      const output = outputs.get(task.name);
      if (output === undefined) throw new EngineError('INTERNAL', `expected an output of ${task.name}, got none`);
      const label = labelOf(
        network,
        example,
        task,
        { data: rowOf(output, n), shape: output.shape.slice(1) },
        labelFree,
      );
      if (label !== undefined) labels.set(task.name, label);
    }
    return labels;
  });
}

const rowOf = (tensor: Tensor, n: number): Float32Array => examplesOf(tensor)[n] as Float32Array;

function labelOf(
  network: Network,
  example: Example,
  task: TaskInfo,
  output: Tensor,
  labelFree: boolean,
): KnownLabel | undefined {
  const allValid = (data: Float32Array): Uint8Array => new Uint8Array(data.length).fill(1);
  if (task.isReconstruction) {
    const { data } = network.normalise({ data: example.clean, shape: [1, ...example.shape] });
    if (data.length !== sizeOf(output.shape)) {
      throw new EngineError(
        'INVALID_REQUEST',
        `expected the output of ${task.name} to have the shape of the input [${example.shape}], got [${output.shape}]`,
      );
    }
    return { data, valid: allValid(data), source: 'input' };
  }
  const given = example.labels.get(task.name);
  if (given !== undefined) {
    const problem = labelProblem(given, task, output.shape);
    if (problem !== undefined) {
      const field = `examples[${example.key}].labels[${task.name}]`;
      throw new EngineError('INVALID_REQUEST', `${field}: ${problem}`, {
        violations: [{ field, description: problem }],
      });
    }
    return { data: given.data, valid: given.valid, source: 'request' };
  }
  if (!labelFree) return undefined;
  const data = predictionOf(task, output, thresholdOf(network, task));
  return { data, valid: allValid(data), source: 'prediction' };
}

/** A clean output as a label. */
function predictionOf(task: TaskInfo, { data, shape }: Tensor, threshold: number): Float32Array {
  switch (task.labelForm) {
    case 'class':
    case 'class-map':
      return Float32Array.from(predictedClasses(data, shape, task.classAxis));
    case 'multi-label':
      return data.map((value) => Number(value > threshold));
    case 'numbers':
      return data;
  }
}

/** Output beyond which a class of a multi-label task is predicted. */
export function thresholdOf(network: Network, task: TaskInfo): number {
  const config = network.config.tasks.find(({ name }) => name === task.name);
  return config?.activation === 'sigmoid' ? 0.5 : 0;
}
