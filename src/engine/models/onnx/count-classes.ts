import { classAxisOf, outputOf } from '../describe-tasks.js';
import type { ModelConfig } from '../model-config.js';
import { TASK_KINDS } from '../task-kinds.js';
import { isLength, SAMPLE_LENGTH, sampleInput } from './sample-input.js';
import type { RuntimeTensor, Session, SessionValue } from './session.js';

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

/** Zeros, or the constant that `model.yaml` gives the input. */
function sampleOf(input: SessionValue, { input: attacked, otherInputs }: ModelConfig): RuntimeTensor {
  const size = attacked.kind === 'image' && Array.isArray(attacked.size) ? attacked.size : undefined;
  const firstSpatial = attacked.kind === 'image' && attacked.layout === 'NHWC' ? 1 : 2;
  const other = otherInputs.find(({ name }) => name === input.name);
  const value = other !== undefined && 'value' in other ? [other.value].flat() : undefined;
  return sampleInput(input, value, (axis) => size?.[axis - firstSpatial] ?? SAMPLE_LENGTH);
}
