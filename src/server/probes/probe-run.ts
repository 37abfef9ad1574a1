import type { AttackFigures, Doubt } from '../../engine/index.js';

/** What made a probe run. */
export type ProbeTrigger = 'schedule' | 'catch-up' | 'new-version' | 'request';

/**
 * What to think of a run: `suspect` figures should not be trusted and are never shown as good ones; `failed` has no figures.
 */
export type ProbeVerdict = 'ok' | 'regression' | 'suspect' | 'failed';

/** One finished run of a probe, as history keeps it and metrics tell it. A value without functions. */
export interface ProbeRun {
  /** Unique in a history, and larger than that of every run that finished before. */
  readonly sequence: number;
  readonly runId: string;
  readonly probe: string;
  readonly trigger: ProbeTrigger;
  readonly model: { readonly name: string; readonly version: string; readonly sha256: string };
  readonly dataset: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly verdict: ProbeVerdict;
  /** For `failed` the code of the error, for `regression` the name of what fell; else empty. */
  readonly reason: string;
  /** For people; empty where there is nothing to say. */
  readonly message: string;
  readonly doubts: readonly Doubt[];
  readonly seed: number;
  /** Examples evaluated. */
  readonly examples: number;
  readonly imageSteps: number;
  /** Empty where the run failed. */
  readonly attacks: readonly AttackFigures[];
  /** Mean L2 norm of each task's gradient at the clean inputs, per level, and Theorem 1's factor; absent where not measured. */
  readonly gradients?: {
    readonly tasks: readonly { readonly task: string; readonly meanL2: number }[];
    readonly theorem1Factor?: number;
  };
}
