import { sizeOf } from '../../tensor/shape.js';
import type { ModelConfig } from '../model-config.js';
import { TASK_KINDS } from '../task-kinds.js';
import { toRuntime } from './convert.js';
import { classAxisOf, outputOf } from './describe-tasks.js';
import type { RuntimeTensor, Session, SessionValue } from './session.js';

/** Length that an axis is tried with where the graph takes any. */
export const SAMPLE_LENGTH = 64;

/**
 * The outputs of the original with the number of classes on their class axes, also where the file does not say it: behind a
 * Resize to a computed size, as segmentation networks end, exporters call all axes unknown. Then the model is run once.
 *
 * Outputs stay as they are where the model does not run on what it is tried with.
 */
export async function countClasses(
  original: Session,
  outputs: readonly SessionValue[],
  config: ModelConfig,
): Promise<readonly SessionValue[]> {
  const unknown = new Map<string, number>();
  for (const task of config.tasks) {
    const output = outputs.find(({ name }) => name === outputOf(task));
    const { labels } = TASK_KINDS[task.kind];
    if (output === undefined || task.classes !== undefined || (labels !== 'class' && labels !== 'class-map')) continue;
    const axis = classAxisOf(task, output.shape.length - 1) + 1;
    if (axis < output.shape.length && !isLength(output.shape[axis])) unknown.set(output.name, axis);
  }
  if (unknown.size === 0) return outputs;
  const feeds = original.inputs.map((input) => [input.name, sampleOf(input, config)] as const);
  const results = await original.run(new Map(feeds), [...unknown.keys()]).catch(() => undefined);
  return outputs.map((output) => {
    const axis = unknown.get(output.name);
    const length = axis === undefined ? undefined : results?.get(output.name)?.shape[axis];
    return length === undefined ? output : { ...output, shape: output.shape.with(axis as number, length) };
  });
}

const isLength = (axis: number | string | undefined): boolean => typeof axis === 'number' && axis > 0;

/** Zeros, or the constant that `model.yaml` gives the input. */
function sampleOf({ name, dataType, shape }: SessionValue, { input, otherInputs }: ModelConfig): RuntimeTensor {
  const size = input.kind === 'image' && Array.isArray(input.size) ? input.size : undefined;
  const spatial = input.kind === 'image' && input.layout === 'NHWC' ? 1 : 2;
  const lengths = shape.map((axis, i) => {
    if (isLength(axis)) return axis as number;
    return i === 0 ? 1 : (size?.[i - spatial] ?? SAMPLE_LENGTH);
  });
  const other = otherInputs.find((candidate) => candidate.name === name);
  const values = new Float32Array(sizeOf(lengths));
  if (other !== undefined && 'value' in other) {
    const given = [other.value].flat();
    for (let i = 0; i < values.length; i++) values[i] = given[i % given.length] as number;
  }
  return toRuntime(values, lengths, dataType);
}
