/** What the native runtime of a model may use. */
export interface RuntimeOptions {
  /** Threads of each session, at least 1. */
  readonly threads: number;
  /** Whether threads wait for the next run by spinning: faster alone, and at the cost of whoever shares the cores. */
  readonly allowSpinning: boolean;
}
