import { InvalidArgumentError } from 'commander';
import type { TaskOutcome } from '../clients/index.js';
import { UsageError } from './context.js';
import { metricText } from './format.js';

/** A threshold of a task's metric under attack. */
export interface Requirement {
  readonly task: string;
  readonly relation: '>=' | '<=';
  readonly value: number;
}

/** Collects conditions such as `segmentation>=0.5`. */
export function requirements(text: string, previous: readonly Requirement[] = []): readonly Requirement[] {
  const [, task, relation, value] = /^([^<>=]+)(>=|<=)([-+.\deE]+)$/.exec(text) ?? [];
  if (task === undefined || relation === undefined || !Number.isFinite(Number(value))) {
    throw new InvalidArgumentError(`expected TASK>=NUMBER or TASK<=NUMBER, got ${text}`);
  }
  return [...previous, { task, relation: relation as '>=' | '<=', value: Number(value) }];
}

/**
 * What is missed, in words. A metric without a value misses every threshold.
 *
 * @throws UsageError. Thrown when a task has no outcome.
 */
export function missedRequirements(wanted: readonly Requirement[], outcomes: readonly TaskOutcome[]): string[] {
  return wanted.flatMap(({ task, relation, value }) => {
    const outcome = outcomes.find((candidate) => candidate.task === task);
    if (outcome === undefined) throw new UsageError(`expected a task with labels in --require, got ${task}`);
    const got = outcome.adversarial?.value;
    const isMet = got !== undefined && (relation === '>=' ? got >= value : got <= value);
    const name = outcome.adversarial?.name ?? 'metric';
    return isMet
      ? []
      : [`${task}: expected ${name} ${relation} ${value} under attack, got ${metricText(outcome.adversarial)}`];
  });
}
