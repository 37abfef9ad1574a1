import { EngineError, Violations } from '../errors.js';
import { findLoss, lossNames } from '../losses/index.js';
import { isFloatingPoint } from '../onnx/data-types.js';
import type { GraphValue } from './graph-value.js';
import type { ModelConfig, TaskConfig } from './model-config.js';
import type { TaskInfo } from './model-info.js';
import { type LabelForm, TASK_KINDS, type TaskKind } from './task-kinds.js';

/** Losses and metrics that make sense for labels of a form. */
const LOSS_LABELS = { class: 'classes', 'class-map': 'classes', 'multi-label': 'bits', numbers: 'numbers' } as const;
const METRICS: Readonly<Record<LabelForm, readonly string[]>> = {
  class: ['accuracy'],
  'class-map': ['miou', 'accuracy'],
  'multi-label': ['accuracy'],
  numbers: ['absolute-error', 'mse'],
};

/** Losses that are forms of another one, which requests name. */
const HIDDEN_LOSSES = new Set(['houdini-one-sided']);

/** What a gateway can say of a task, but for its gradient. */
export type TaskDescription = Omit<TaskInfo, 'attackable' | 'gradientObstacles'>;

/** The tensor of the graph that a task reads. */
export const outputOf = (task: TaskConfig): string => task.output ?? task.name;

/**
 * The tasks of `model.yaml`, held against the outputs that the graph has.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when they do not fit, with a violation for each.
 */
export function describeTasks(config: ModelConfig, outputs: readonly GraphValue[]): readonly TaskDescription[] {
  const violations = new Violations();
  const tasks = config.tasks.map((task, i) => {
    const output = outputs.find(({ name }) => name === outputOf(task));
    if (output === undefined) throw new EngineError('INTERNAL', `expected a session with the output ${outputOf(task)}`);
    return describeTask(task, output, (field, description) => violations.add(`tasks[${i}].${field}`, description));
  });
  violations.throwIfAny('INVALID_MODEL');
  return tasks;
}

function describeTask(
  task: TaskConfig,
  output: GraphValue,
  violate: (field: string, description: string) => void,
): TaskDescription {
  const kind: TaskKind = TASK_KINDS[task.kind];
  const form = kind.labels;
  const shape = output.shape.slice(1).map((n) => (typeof n === 'number' && n > 0 ? n : -1));
  const hasClasses = form === 'class' || form === 'class-map';
  const classAxis = classAxisOf(task, shape.length);
  if (!isFloatingPoint(output.dataType)) {
    violate(
      'output',
      `expected floating-point numbers, got ${output.dataType}: name the tensor before, e.g. that of ArgMax`,
    );
  }
  if (hasClasses && (classAxis < 0 || classAxis >= shape.length)) {
    violate('classAxis', `expected an axis of an output of rank ${output.shape.length}, got ${task.classAxis ?? 1}`);
  }
  const graphClasses = hasClasses ? (shape[classAxis] ?? -1) : 0;
  const classCount = graphClasses === -1 ? (task.classes?.length ?? 0) : graphClasses;
  if (hasClasses && classCount < 2) {
    const got =
      graphClasses === -1 && task.classes === undefined ? 'none, and a graph that does not say how many' : classCount;
    violate('classes', `expected at least 2 classes, got ${got}`);
  }
  if (hasClasses && task.classes !== undefined && task.classes.length !== classCount) {
    violate('classes', `expected ${classCount} names, got ${task.classes.length}`);
  }
  if (task.classWeights !== undefined && task.classWeights.length !== classCount) {
    violate('classWeights', `expected ${classCount} weights, got ${task.classWeights.length}`);
  }

  const losses = lossNames.filter((name) => {
    const loss = findLoss(name);
    return (
      loss.labels === LOSS_LABELS[form] && !HIDDEN_LOSSES.has(name) && (!hasClasses || classCount >= loss.minClasses)
    );
  });
  const loss = task.loss ?? kind.loss;
  const metric = task.metric ?? kind.metric;
  const metrics = METRICS[form];
  if (!losses.includes(loss)) violate('loss', `expected one of ${losses.join(', ')}, got ${loss}`);
  if (!metrics.includes(metric)) violate('metric', `expected one of ${metrics.join(', ')}, got ${metric}`);

  const isReconstruction = task.target === 'normalised-input';
  if (isReconstruction && form !== 'numbers')
    violate('target', `expected normalised-input of a regression, got ${task.kind}`);
  const target = typeof task.target === 'object' ? task.target : {};
  return {
    name: task.name,
    kind: task.kind,
    labelForm: form,
    output: output.name,
    shape,
    classAxis: hasClasses ? classAxis : 0,
    classCount,
    classes: task.classes ?? [],
    palette: task.palette,
    unit: task.unit ?? '',
    activation: task.activation,
    loss,
    losses,
    metric,
    ignoreIndex: task.ignoreIndex,
    labelScale: [target.scale ?? 1].flat(),
    labelOffset: [target.offset ?? 0].flat(),
    invalid: task.invalid,
    isReconstruction,
    weight: task.weight,
  };
}

/** Axis of the classes in the output's shape without the batch axis. */
export function classAxisOf({ classAxis = 1 }: Pick<TaskConfig, 'classAxis'>, rank: number): number {
  return classAxis < 0 ? classAxis + rank : classAxis - 1;
}
