import type { EvaluationRow } from '../../src/engine/index.js';
import type { FinishedRun, ProbedVersion } from '../../src/server/probes/probe-history.js';

/** A version of a model by its number. */
export const probed = (version: string, name = 'toy'): ProbedVersion => ({
  name,
  version,
  sha256: `sha of ${version}`,
});

/** A run of the probe `nightly` on version 1 of `toy` that was good. */
export function finishedRun(runId: string, change: Partial<FinishedRun['run']> = {}, comparable = 'a'): FinishedRun {
  return {
    run: {
      runId,
      probe: 'nightly',
      trigger: 'schedule',
      model: probed('1'),
      dataset: 'scenes',
      startedMs: 1000,
      finishedMs: 2000,
      verdict: 'ok',
      reason: '',
      message: '',
      doubts: [],
      seed: 0,
      examples: 1,
      imageSteps: 50,
      attacks: [],
      ...change,
    },
    comparable,
    rows: [{ key: `row of ${runId}` } as EvaluationRow],
  };
}
