import { predictedClasses } from '../metrics/predicted-class.js';
import type { TaskInfo } from '../models/model-info.js';
import { type Shape, withoutAxes } from '../tensor/shape.js';
import type { Payload } from './events.js';
import type { AttackField, ReplyTensor } from './job.js';
import type { TaskOutput } from './scoring.js';

/** Float32 numbers of a reply. */
export const floats = (data: Float32Array, shape: Shape): ReplyTensor => ({ datatype: 'FP32', shape, data });

/** Predicted classes of one example: bytes where they fit. */
export function predictedLabels(task: TaskInfo, { data, shape }: TaskOutput): ReplyTensor {
  const classes = predictedClasses(data, shape, task.classAxis);
  const labels = withoutAxes(shape, [task.classAxis]);
  return task.classCount <= 256
    ? { datatype: 'UINT8', shape: labels, data: Uint8Array.from(classes) }
    : { datatype: 'INT32', shape: labels, data: classes };
}

/** Whether predictions of a task are classes, one per position. */
export const hasClasses = ({ labelForm }: TaskInfo): boolean => labelForm === 'class' || labelForm === 'class-map';

/** What there is to send of one example. */
export interface PayloadSources {
  readonly clean: Float32Array;
  readonly adversarial: Float32Array;
  /** `undefined` where the example is no image of whole-numbered levels. */
  readonly adversarial8bit: Float32Array | undefined;
  /** The same in the units of the request. */
  readonly adversarialInUnits: Float32Array;
  readonly shape: Shape;
  /** Outputs by task, from the clean and the adversarial input. */
  readonly outputs: ReadonlyMap<string, { readonly clean: TaskOutput; readonly adversarial: TaskOutput }>;
}

/** The payloads that were asked for. */
export function payloadsOf(
  fields: readonly AttackField[],
  tasks: readonly TaskInfo[],
  sources: PayloadSources,
): readonly Payload[] {
  return fields.flatMap((field) => payloadsOfField(field, tasks, sources));
}

function payloadsOfField(field: AttackField, tasks: readonly TaskInfo[], sources: PayloadSources): readonly Payload[] {
  const { clean, adversarial, adversarial8bit, adversarialInUnits, shape, outputs } = sources;
  const whole = (tensor: ReplyTensor): Payload => ({ field, task: undefined, condition: undefined, tensor });
  const perTask = (of: (task: TaskInfo, output: TaskOutput) => ReplyTensor | undefined): Payload[] =>
    tasks.flatMap((task) =>
      (['clean', 'adversarial'] as const).flatMap((condition): Payload[] => {
        const output = outputs.get(task.name)?.[condition];
        const tensor = output && of(task, output);
        return tensor === undefined ? [] : [{ field, task: task.name, condition, tensor }];
      }),
    );
  switch (field) {
    case 'adversarial-8bit':
      return adversarial8bit === undefined
        ? []
        : [whole({ datatype: 'UINT8', shape, data: Uint8Array.from(adversarial8bit) })];
    case 'adversarial-tensor':
      return [whole(floats(adversarialInUnits, shape))];
    case 'perturbation':
      return [
        whole(
          floats(
            adversarial.map((x, i) => x - (clean[i] as number)),
            shape,
          ),
        ),
      ];
    case 'label-maps':
      return perTask((task, output) => (hasClasses(task) ? predictedLabels(task, output) : undefined));
    case 'raw-outputs':
      return perTask((_, output) => floats(output.data, output.shape));
  }
}
