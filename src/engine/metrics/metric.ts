import type { Shape } from '../tensor/shape.js';

/** What a metric judges, for one task of one example, without the batch axis. */
export interface MetricInput {
  /** The model's output, with what `activation` says already applied: nothing here depends on it. */
  readonly output: Float32Array;
  readonly outputShape: Shape;
  /** Axis of the classes in `outputShape`; not read by metrics of numbers. */
  readonly classAxis: number;
  /** The truth: classes, or numbers of the output's shape. */
  readonly labels: Float32Array;
  /** 1 where a label counts, else 0; as many as `labels`. */
  readonly valid: Uint8Array;
  /** Output beyond which a multi-label class is predicted: 0 for logits, 0.5 for probabilities. */
  readonly threshold: number;
}

/** What one example adds to a metric: sums that can be added up over examples, in any order of shards. */
export interface MetricPart {
  /** Positions that count. */
  readonly count: number;
  /** Sum over them of what is averaged: 1 for a right class, an error. */
  readonly sum: number;
  /** Row-major confusion matrix, rows are labels, columns predictions; for mIoU only. */
  readonly confusion?: readonly number[];
}

export interface Metric {
  readonly higherIsBetter: boolean;
  /** Whether the value is a ratio of counts, which has no unit. */
  readonly isRatio: boolean;
  measure(input: MetricInput): MetricPart;
  /** The metric over examples whose parts these are; `undefined` where nothing counts. */
  value(parts: readonly MetricPart[]): number | undefined;
}

/** A metric's value as it is told. */
export interface MetricValue {
  readonly name: string;
  readonly value: number | undefined;
  readonly unit: string;
  readonly higherIsBetter: boolean;
  readonly part: MetricPart;
}
