import type { Dataset, TaskInfo, Trainable } from '../../engine/index.js';
import type { OrderSettings } from './data/order.js';
import type { MetricsLog, StepRecord, ValidationRecord } from './metrics-log.js';
import type { TrainingConfig } from './training-config.js';
import type { Validation } from './validate.js';

/** A training to do. */
export interface TrainingWork {
  readonly trainable: Trainable;
  readonly config: TrainingConfig;
  readonly dataset: Dataset;
  readonly validation: Dataset | undefined;
  /** SHA-256 of the model that training begins with. */
  readonly modelSha256: string;
  /** Where checkpoint and metrics are. */
  readonly folder: string;
  readonly signal: AbortSignal;
  onProgress(progress: TrainingProgress): void;
  /** Milliseconds since any fixed moment, never going back. */
  now(): number;
}

export type TrainingProgress =
  | { readonly type: 'resumed'; readonly step: number }
  | {
      readonly type: 'step';
      readonly record: StepRecord;
      readonly total: number;
      /** Time that the steps left will take. */
      readonly etaSeconds: number;
    }
  | { readonly type: 'validation'; readonly record: ValidationRecord }
  | { readonly type: 'checkpoint'; readonly step: number };

/** A training that came to its end. */
export interface FinishedTraining {
  readonly state: ReadonlyMap<string, Float32Array>;
  readonly steps: number;
  /** Time of all steps, those of earlier runs included. */
  readonly seconds: number;
  /** The last record of each kind. */
  readonly last: StepRecord | undefined;
  readonly lastValidation: ValidationRecord | undefined;
}

/** A training with what its configuration comes to. */
export interface TrainingSetting {
  readonly work: TrainingWork;
  readonly order: OrderSettings;
  /** What each trained task counts. */
  readonly weights: ReadonlyMap<string, number>;
  /** Those that are trained, in the order of the model. */
  readonly tasks: readonly TaskInfo[];
  /** Of the checkpoint. */
  readonly path: string;
  readonly log: MetricsLog;
  readonly validation: Validation | undefined;
}
