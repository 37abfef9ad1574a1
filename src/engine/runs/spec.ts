import type { AttackParameters } from '../attacks/attack.js';

/** How the gradients of several tasks become one direction. */
export type Combination = 'sum' | 'balanced' | 'sign-sum';

/** One task of an objective. */
export interface ObjectiveTask {
  readonly task: string;
  /** λ: finite, greater than 0. */
  readonly weight: number;
  readonly loss: string;
}

/** What an attack increases. Tasks are in the order of `model.yaml`. */
export interface Objective {
  readonly combination: Combination;
  readonly tasks: readonly ObjectiveTask[];
}

/** Everything that decides an attack beside the model, the pixels and the labels: a value without functions. */
export interface AttackSpec {
  readonly attack: string;
  readonly parameters: AttackParameters;
  readonly objective: Objective;
  /** Whether labels are approached instead of left. */
  readonly targeted: boolean;
  /** 0 … 2³² − 1. */
  readonly seed: number;
  /** Examples that run together, where a replay forces it. */
  readonly batchSize: number | undefined;
  /** Whether batches are as large as the shape allows and padded where examples are few, so that a figure does not depend on
   * how many examples go together. */
  readonly fullBatches: boolean;
}

/** Everything that decides a measurement of gradients beside the model, the pixels and the labels. */
export interface GradientNormSpec {
  readonly tasks: readonly { readonly task: string; readonly loss: string }[];
  readonly seed: number;
  readonly sweep: OutputSweep | undefined;
  readonly batchSize: number | undefined;
}

/** Norms over random subsets of the output (Fig. 4a of the paper). */
export interface OutputSweep {
  readonly task: string;
  readonly outputCounts: readonly number[];
  readonly draws: number;
}
