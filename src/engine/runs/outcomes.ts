import { addConfusions } from '../metrics/measures/miou.js';
import type { MetricPart, MetricValue } from '../metrics/metric.js';
import type { TaskInfo } from '../models/model-info.js';
import type { Network } from '../models/network.js';
import type { TaskOutcome } from './events.js';
import type { KnownLabels } from './labels.js';
import { isBroken, lossOf, measure, metricValue, type TaskOutput } from './scoring.js';
import type { AttackSpec, ObjectiveTask } from './spec.js';

/** What one output is worth. */
export interface TaskScore {
  readonly metric: MetricValue;
  readonly loss: number | undefined;
  readonly broken: boolean | undefined;
}

/** Scores of one example by task; none for a task without a label. */
export type TaskScores = ReadonlyMap<string, TaskScore>;

/**
 * Judges the outputs of one example.
 *
 * @param outputs gives a task's output
 */
export function scoresOf(
  network: Network,
  spec: AttackSpec,
  labels: KnownLabels,
  outputs: (task: string) => TaskOutput,
): TaskScores {
  const scores = new Map<string, TaskScore>();
  for (const task of network.info.tasks) {
    const label = labels.get(task.name);
    if (label === undefined) continue;
    const attacked = attackedAs(spec, task.name);
    const output = outputs(task.name);
    const metric = measure(network, task, output, label);
    scores.set(task.name, {
      metric,
      loss: lossOf(network, task, attacked?.loss ?? task.loss, output, label),
      broken: isBroken(network, task, metric, spec.targeted && attacked !== undefined),
    });
  }
  return scores;
}

const attackedAs = (spec: AttackSpec, task: string): ObjectiveTask | undefined =>
  spec.objective.tasks.find((candidate) => candidate.task === task);

/** Every task of one example, before and after; the 8-bit scores are absent where there is no such image. */
export function taskOutcomes(
  network: Network,
  spec: AttackSpec,
  labels: KnownLabels,
  before: TaskScores,
  after: TaskScores,
  after8bit: TaskScores | undefined,
): readonly TaskOutcome[] {
  return network.info.tasks.flatMap(({ name }): TaskOutcome[] => {
    const [label, clean, adversarial] = [labels.get(name), before.get(name), after.get(name)];
    if (label === undefined || clean === undefined || adversarial === undefined) return [];
    return [
      {
        task: name,
        attacked: attackedAs(spec, name) !== undefined,
        labelSource: label.source,
        clean: clean.metric,
        adversarial: adversarial.metric,
        adversarial8bit: after8bit?.get(name)?.metric,
        cleanLoss: clean.loss,
        adversarialLoss: adversarial.loss,
        broken: adversarial.broken,
        cleanBroken: clean.broken,
      },
    ];
  });
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
