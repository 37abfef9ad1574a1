import { findMetric } from '../metrics/measures/index.js';
import { addConfusions, classIous } from '../metrics/measures/miou.js';
import type { MetricPart } from '../metrics/metric.js';
import type { Figure, TaskFigures } from './result.js';
import type { RowTask } from './row.js';
import { expandedPercentiles, resampled } from './statistics/bootstrap.js';
import { wilsonInterval } from './statistics/wilson.js';
import { statisticOf, sumsOf } from './sums.js';
import type { TargetTask } from './target.js';

/** What figures need to know of a task: a part of `TaskInfo`. */
export type FigureTask = Pick<TargetTask, 'name' | 'kind' | 'labelForm' | 'metric' | 'unit' | 'classes'>;

/** What figures need to know of the tasks of a model. */
export const figureTasks = (tasks: readonly TargetTask[]): readonly FigureTask[] =>
  tasks.map(({ name, kind, labelForm, metric, unit, classes }) => ({ name, kind, labelForm, metric, unit, classes }));

/**
 * One task over examples, in their order.
 *
 * @param rows the task in every row that has it
 */
export function taskFigures(task: FigureTask, rows: readonly RowTask[]): TaskFigures {
  const metric = findMetric(task.metric);
  const counted = rows.filter(({ clean }) => clean.count > 0);
  const parts8bit = counted.flatMap(({ adversarial8bit }) => adversarial8bit ?? []);
  const clean = counted.map((row) => row.clean);
  const adversarial = counted.map((row) => row.adversarial);
  const broken = countTrue(rows.map((row) => row.broken));
  const cleanBroken = countTrue(rows.map((row) => row.cleanBroken));
  const cleanLoss = mean(rows.map((row) => row.cleanLoss));
  const adversarialLoss = mean(rows.map((row) => row.adversarialLoss));
  return {
    task: task.name,
    attacked: rows.some(({ attacked }) => attacked),
    metric: task.metric,
    unit: metric.isRatio ? '' : task.unit,
    higherIsBetter: metric.higherIsBetter,
    examples: counted.length,
    clean: figureOf(task, clean),
    adversarial: figureOf(task, adversarial),
    // An example without an 8-bit form would be missing from the figure.
    ...(counted.length > 0 && parts8bit.length === counted.length && { adversarial8bit: figureOf(task, parts8bit) }),
    ...(cleanLoss !== undefined && { cleanLoss }),
    ...(adversarialLoss !== undefined && { adversarialLoss }),
    ...(broken !== undefined && { broken }),
    ...(cleanBroken !== undefined && { cleanBroken }),
    ...(task.metric === 'miou' && { perClass: perClass(task, clean, adversarial) }),
  };
}

/** A metric with its 95 % interval over examples. */
function figureOf(task: Pick<FigureTask, 'metric' | 'labelForm'>, parts: readonly MetricPart[]): Figure {
  const value = findMetric(task.metric).value(parts);
  if (value === undefined || !Number.isFinite(value)) return {};
  const examples = parts.filter(({ count }) => count > 0).length;
  if (examples < 2) return { value };
  const [lower, upper] = intervalOf(task, parts, examples);
  return { value, lower: Math.min(lower, value), upper: Math.max(upper, value) };
}

function intervalOf(
  task: Pick<FigureTask, 'metric' | 'labelForm'>,
  parts: readonly MetricPart[],
  examples: number,
): readonly [number, number] {
  // Of positions in one image, or classes of one input, none is drawn independently: there, examples are resampled.
  if (task.labelForm === 'class' && task.metric === 'accuracy') {
    return wilsonInterval(
      parts.reduce((sum, part) => sum + part.sum, 0),
      examples,
    );
  }
  const statistic = statisticOf(parts.map(sumsOf), task.metric === 'miou');
  return expandedPercentiles(resampled(statistic), examples);
}

function perClass(
  { classes }: FigureTask,
  clean: readonly MetricPart[],
  adversarial: readonly MetricPart[],
): NonNullable<TaskFigures['perClass']> {
  const after = classIous(addConfusions(adversarial));
  return classIous(addConfusions(clean)).map((iou, c) => ({
    name: classes[c] ?? String(c),
    clean: iou ?? null,
    adversarial: after[c] ?? null,
  }));
}

/** How many are true; `undefined` where none is known. */
function countTrue(values: readonly (boolean | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.filter(Boolean).length;
}

/** Mean of what is known. */
function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}
