import type { EvaluationIdentity } from '../../src/engine/index.js';
import type { FinishedRun, ProbedVersion } from '../../src/server/probes/probe-history.js';

/** A version of a model by its number. */
export const probed = (version: string, name = 'toy'): ProbedVersion => ({
  name,
  version,
  sha256: `sha of ${version}`,
});

/** What an evaluation of one example of a dataset is. */
export const identityOf = (model: ProbedVersion, digest = 'a'): EvaluationIdentity => ({
  model,
  dataset: { name: 'scenes', kind: 'manifest', digest, size: 10 },
  suite: ['pgd(steps=50,eps=4)@sum(scene=1)'],
  seed: 0,
  labelFree: false,
  limit: 1,
});

/** A run of the probe `nightly` on version 1 of `toy` that was good. */
export function finishedRun(runId: string, change: Partial<FinishedRun['run']> = {}, digest = 'a'): FinishedRun {
  const model = change.model ?? probed('1');
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
    pairs: {
      identity: identityOf(model, digest),
      examples: [{ key: `example of ${runId}`, clean: { scene: [1, 1] }, adversarial: [{ scene: [1, 0] }] }],
    },
  };
}
