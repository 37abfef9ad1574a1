import type { MetricPart } from '../metrics/metric.js';
import type { TerminatedBy, Warning } from '../runs/events.js';
import type { LabelSource } from '../runs/job.js';

/** One task of one attacked example: sums, so that figures over any examples follow from rows alone. */
export interface RowTask {
  readonly task: string;
  readonly attacked: boolean;
  readonly labelSource: LabelSource;
  readonly clean: MetricPart;
  readonly adversarial: MetricPart;
  readonly adversarial8bit?: MetricPart;
  readonly cleanLoss?: number;
  readonly adversarialLoss?: number;
  readonly broken?: boolean;
  readonly cleanBroken?: boolean;
}

/**
 * What one attack did to one example. A shard writes a row per example and attack; figures are reduced from all rows in the
 * order of attacks and examples, so that 1, 3 and 64 shards give bit-identical figures.
 */
export interface EvaluationRow {
  /** Place of the attack in the suite, from 0 on. */
  readonly attack: number;
  /** Place of the example in the dataset, from 0 on. */
  readonly index: number;
  readonly key: string;
  readonly tasks: readonly RowTask[];
  readonly linf: number;
  readonly l2: number;
  readonly steps: number;
  readonly restart: number;
  readonly terminatedBy: TerminatedBy;
  readonly batchSize: number;
  readonly warnings: readonly Warning[];
}

/** An example that could not be evaluated: its file is missing, unreadable, or does not fit. */
export interface SkippedExample {
  readonly index: number;
  readonly key: string;
  readonly reason: string;
}
