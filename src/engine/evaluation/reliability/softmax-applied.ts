import type { ReplyTensor } from '../../runs/job.js';
import { sizeOf } from '../../tensor/shape.js';
import type { TargetTask } from '../target.js';
import type { ReliabilityCheck } from './check.js';

const MAX_DEVIATION = 1e-3;

/**
 * Outputs that are probabilities already where `model.yaml` says logits: a softmax over a softmax is so flat that its
 * gradients show little of the way. Source: Croce and Hein's AutoAttack (arXiv:2003.01690), whose code warns of the same.
 */
export const softmaxApplied: ReliabilityCheck = {
  async check({ target, spec, examples, signal }) {
    const suspects = target.model.tasks.filter(
      (task) =>
        task.activation === 'none' &&
        (task.labelForm === 'class' || task.labelForm === 'class-map') &&
        spec.objective.tasks.some((attacked) => attacked.task === task.name),
    );
    if (suspects.length === 0) return undefined;
    const outputs = await target.predict(examples, { signal, pictures: false });
    const found = suspects.filter((task) =>
      outputs.every((byTask) => {
        const output = byTask.get(task.name);
        return output !== undefined && areProbabilities(output, task);
      }),
    );
    if (found.length === 0) return undefined;
    const names = found.map(({ name }) => name).join(', ');
    const message = `outputs of ${names} are probabilities, and model.yaml says they are not: set activation: softmax`;
    return { reason: 'SOFTMAX_APPLIED', message };
  },
};

/** Whether numbers are ≥ 0 and sum to 1 over the classes, everywhere. */
function areProbabilities({ data, shape }: ReplyTensor, { classAxis }: TargetTask): boolean {
  const classes = shape[classAxis] ?? 1;
  const stride = sizeOf(shape.slice(classAxis + 1));
  if (!data.every((value) => value >= 0)) return false;
  for (let position = 0; position < data.length / classes; position++) {
    const first = Math.floor(position / stride) * classes * stride + (position % stride);
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += data[first + c * stride] as number;
    if (Math.abs(sum - 1) > MAX_DEVIATION) return false;
  }
  return true;
}
