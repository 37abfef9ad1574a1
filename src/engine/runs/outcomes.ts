import { addConfusions } from '../metrics/measures/miou.js';
import type { MetricPart, MetricValue } from '../metrics/metric.js';
import type { TaskInfo } from '../models/model-info.js';
import type { Network } from '../models/network.js';
import type { TaskOutcome } from './events.js';
import type { KnownLabel } from './labels.js';
import { isBroken, lossOf, measure, metricValue, type TaskOutput } from './scoring.js';
import type { AttackSpec } from './spec.js';

/** A task's output from three inputs; the last is absent where there is no 8-bit image. */
export interface ThreeOutputs {
  readonly clean: TaskOutput;
  readonly adversarial: TaskOutput;
  readonly adversarial8bit: TaskOutput | undefined;
}

/** One task of one example, before and after, judged by the outputs of the original model. */
export function taskOutcome(
  network: Network,
  spec: AttackSpec,
  task: TaskInfo,
  label: KnownLabel,
  outputs: ThreeOutputs,
): TaskOutcome {
  const attacked = spec.objective.tasks.find((candidate) => candidate.task === task.name);
  const loss = attacked?.loss ?? task.loss;
  const [clean, adversarial] = [outputs.clean, outputs.adversarial].map((output) =>
    measure(network, task, output, label),
  ) as [MetricValue, MetricValue];
  const isTarget = spec.targeted && attacked !== undefined;
  return {
    task: task.name,
    attacked: attacked !== undefined,
    labelSource: label.source,
    clean,
    adversarial,
    adversarial8bit: outputs.adversarial8bit && measure(network, task, outputs.adversarial8bit, label),
    cleanLoss: lossOf(network, task, loss, outputs.clean, label),
    adversarialLoss: lossOf(network, task, loss, outputs.adversarial, label),
    broken: isBroken(network, task, adversarial, isTarget),
    cleanBroken: isBroken(network, task, clean, isTarget),
  };
}

/** What a run keeps of the results that it has sent. */
export class OutcomeTotals {
  readonly #byTask = new Map<string, TaskOutcome[]>();
  #exampleCount = 0;
  #brokenCount: number | undefined;

  add(tasks: readonly TaskOutcome[]): void {
    this.#exampleCount++;
    for (const outcome of tasks) this.#byTask.set(outcome.task, [...(this.#byTask.get(outcome.task) ?? []), outcome]);
    const attacked = tasks.filter((outcome) => outcome.attacked && outcome.broken !== undefined);
    if (attacked.length === 0) return;
    this.#brokenCount = (this.#brokenCount ?? 0) + Number(attacked.some((outcome) => outcome.broken));
  }

  get exampleCount(): number {
    return this.#exampleCount;
  }

  /** Examples with a broken attacked task; `undefined` where no attacked task says when it is. */
  get brokenCount(): number | undefined {
    return this.#brokenCount;
  }

  /** Each task over all examples, in the order of `model.yaml`. */
  summary(tasks: readonly TaskInfo[]): readonly TaskOutcome[] {
    return tasks.flatMap((task) => {
      const outcomes = this.#byTask.get(task.name) ?? [];
      return outcomes.length === 0 ? [] : [summaryOf(task, outcomes)];
    });
  }
}

function summaryOf(task: TaskInfo, outcomes: readonly TaskOutcome[]): TaskOutcome {
  const [first] = outcomes as [TaskOutcome];
  const over = (values: readonly (MetricValue | undefined)[]): MetricValue | undefined => {
    const parts = values.flatMap((value) => (value === undefined ? [] : [value.part]));
    return parts.length < outcomes.length ? undefined : metricValue(task, parts, sumOfParts(parts));
  };
  const any = (values: readonly (boolean | undefined)[]): boolean | undefined =>
    values.every((value) => value === undefined) ? undefined : values.includes(true);
  return {
    task: task.name,
    attacked: first.attacked,
    labelSource: first.labelSource,
    clean: over(outcomes.map(({ clean }) => clean)) as MetricValue,
    adversarial: over(outcomes.map(({ adversarial }) => adversarial)) as MetricValue,
    adversarial8bit: over(outcomes.map(({ adversarial8bit }) => adversarial8bit)),
    cleanLoss: meanOf(outcomes.map(({ cleanLoss }) => cleanLoss)),
    adversarialLoss: meanOf(outcomes.map(({ adversarialLoss }) => adversarialLoss)),
    broken: any(outcomes.map(({ broken }) => broken)),
    cleanBroken: any(outcomes.map(({ cleanBroken }) => cleanBroken)),
  };
}

function sumOfParts(parts: readonly MetricPart[]): MetricPart {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const sum = parts.reduce((total, part) => total + part.sum, 0);
  return parts.some(({ confusion }) => confusion !== undefined)
    ? { count, sum, confusion: addConfusions(parts) }
    : { count, sum };
}

function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}
