import type { Model, Task } from '../../clients/index.js';
import { PROVIDERS, type ProviderName, type TargetModel, type TargetTask } from '../../engine/index.js';
import { UsageError } from '../context.js';

/**
 * What an evaluation must know of a model, as a gateway tells it.
 *
 * @throws UsageError. Thrown when the gateway does not say how labels are meant: it is older than evaluations.
 */
export function targetModel({ name, version, sha256, provider, tasks }: Model): TargetModel {
  const known = PROVIDERS.find((candidate) => candidate === provider);
  return { name, version, sha256, provider: known ?? (provider as ProviderName), tasks: tasks.map(targetTask) };
}

function targetTask(task: Task): TargetTask {
  if (task.labelForm === '') {
    throw new UsageError(`expected a gateway that says how labels of ${task.name} are meant, got an older one`);
  }
  return {
    name: task.name,
    kind: task.kind,
    labelForm: task.labelForm as TargetTask['labelForm'],
    classAxis: task.classAxis,
    classCount: task.classCount,
    classes: task.classes,
    palette: paletteFor(task),
    unit: task.unit,
    loss: task.loss,
    losses: task.losses,
    metric: task.metric,
    ignoreIndex: task.ignoreIndex,
    labelScale: task.labelScale,
    labelOffset: task.labelOffset,
    invalid: task.labelInvalid,
    isReconstruction: task.labelIsInput,
    weight: task.weight,
    attackable: task.attackable,
    activation: task.activation as TargetTask['activation'],
  };
}

/** The colours of a task's classes as red, green and blue. */
export const paletteFor = ({ palette }: Pick<Task, 'palette'>): readonly (readonly [number, number, number])[] =>
  palette.map((color) => [color >> 16, (color >> 8) & 0xff, color & 0xff] as const);
