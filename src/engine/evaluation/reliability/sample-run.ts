import type { DatasetExample } from '../../datasets/dataset.js';
import { findMetric } from '../../metrics/measures/index.js';
import type { AttackSpecRequest } from '../../runs/attack-spec.js';
import { chunk } from '../../runs/batches.js';
import type { AttackTarget, TargetResult, TargetTask } from '../target.js';

/** An attack on the sample. */
export interface SampleRun {
  readonly results: readonly TargetResult[];
  /** Largest norm of the objective's gradient at any step that was told of, per level; `undefined` where none was. */
  readonly largestGradient: number | undefined;
}

/** Attacks the sample, as many examples at a time as the target takes. */
export async function runSample(
  target: AttackTarget,
  request: AttackSpecRequest,
  examples: readonly DatasetExample[],
  signal: AbortSignal,
): Promise<SampleRun> {
  const results: TargetResult[] = [];
  let largestGradient: number | undefined;
  for (const together of chunk(examples, target.maxExamples)) {
    for await (const event of target.attack(request, together, { signal, pictures: false })) {
      if (event.type === 'result') results.push(event.result);
      if (event.type !== 'progress' || event.progress.phase !== 'attacking' || event.progress.step === 0) continue;
      largestGradient = Math.max(largestGradient ?? 0, event.progress.gradientNorm);
    }
  }
  return { results, largestGradient };
}

/** A task over the sample. */
export interface SampleTask {
  readonly task: string;
  /** Of the metric, larger is worse. */
  readonly cleanBadness: number;
  readonly badness: number;
  readonly cleanLoss: number;
  readonly loss: number;
  /** Whether the metric is a ratio of counts. */
  readonly isRatio: boolean;
}

/** The attacked tasks of a run that have a metric and a loss. */
export function attackedTasks({ results }: SampleRun, tasks: readonly TargetTask[]): readonly SampleTask[] {
  return tasks.flatMap(({ name, metric: metricName }): SampleTask[] => {
    const metric = findMetric(metricName);
    const outcomes = results.flatMap((result) =>
      result.tasks.filter(({ task, attacked }) => task === name && attacked),
    );
    const clean = metric.value(outcomes.map((outcome) => outcome.clean.part));
    const adversarial = metric.value(outcomes.map((outcome) => outcome.adversarial.part));
    const losses = outcomes.flatMap(({ cleanLoss, adversarialLoss }) =>
      cleanLoss === undefined || adversarialLoss === undefined ? [] : [{ cleanLoss, adversarialLoss }],
    );
    if (clean === undefined || adversarial === undefined || losses.length === 0) return [];
    const sign = metric.higherIsBetter ? -1 : 1;
    const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
    return [
      {
        task: name,
        cleanBadness: sign * clean,
        badness: sign * adversarial,
        cleanLoss: mean(losses.map(({ cleanLoss }) => cleanLoss)),
        loss: mean(losses.map(({ adversarialLoss }) => adversarialLoss)),
        isRatio: metric.isRatio,
      },
    ];
  });
}
