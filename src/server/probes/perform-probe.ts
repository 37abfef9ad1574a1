import { EngineError, type ModelInfo } from '../../engine/index.js';
import type { Logger } from '../logger.js';
import type { ModelRepository } from '../repository/repository.js';
import type { RunObserver } from '../telemetry/observe-runs.js';
import type { FinishedRun, ProbeHistory } from './probe-history.js';
import type { PerformTask, ProbeTask } from './probe-queue.js';
import type { ProbeRun } from './probe-run.js';
import { type Findings, findOut, type ProbeSurroundings } from './run-probe.js';
import type { WallClock } from './wall-clock.js';

/** What runs are made with. */
export interface PerformerOptions extends ProbeSurroundings {
  readonly history: ProbeHistory;
  readonly repository: Pick<ModelRepository, 'acquire'>;
  readonly clock: WallClock;
  readonly log: Logger;
  readonly runs: RunObserver;
}

/** Does runs of probes, each within its time, and commits them: also those that failed, but none that the end of the gateway cut off. */
export const probePerformer =
  (options: PerformerOptions): PerformTask =>
  async (task, signal, tell) => {
    const { clock, history, repository } = options;
    const startedMs = clock.now();
    const limit = limitOf(task, signal, clock);
    const ref = { name: task.model, version: task.version };
    const observed = options.runs.begin({ id: task.runId, kind: 'probe', model: ref, traceParent: undefined });
    observed.admitted();
    let info: ModelInfo | undefined;
    let findings: Findings | Pick<ProbeRun, 'verdict' | 'reason' | 'message'>;
    try {
      const held = acquireFor(task, repository);
      info = held.info;
      try {
        const { traceParent } = observed;
        const found = await findOut(task, held, options, { signal: limit.signal, traceParent }, tell);
        const { imageSteps } = found;
        findings = found;
        observed.saw({ type: 'summary', summary: { terminatedBy: 'completed', imageSteps } });
      } finally {
        held.release();
      }
    } catch (error) {
      signal.throwIfAborted();
      const cause = limit.signal.aborted ? limit.signal.reason : error;
      observed.failed(cause);
      findings = failureOf(cause, task, options.log);
    } finally {
      limit.end();
      observed.close();
    }
    signal.throwIfAborted();
    const run = history.append(finishedRun(task, info, findings, startedMs, clock.now()));
    history.prune(clock.now());
    return run;
  };

/** A schedule means the version that serves: when its turn has come, that may be another one. */
function acquireFor({ model, version, trigger }: ProbeTask, repository: PerformerOptions['repository']) {
  try {
    return repository.acquire(model, version);
  } catch (error) {
    const isGone = error instanceof EngineError && ['MODEL_NOT_FOUND', 'MODEL_NOT_READY'].includes(error.code);
    if (!isGone || trigger === 'request' || trigger === 'new-version') throw error;
    return repository.acquire(model, undefined);
  }
}

/** Aborted when the gateway ends, or the time of the probe. */
function limitOf({ probe }: ProbeTask, signal: AbortSignal, clock: WallClock) {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const cancel = clock.at(clock.now() + probe.timeoutSeconds * 1000, () => {
    const text = `expected a run of ${probe.name} to end within ${probe.timeoutSeconds} s, got one that does not`;
    controller.abort(new EngineError('PROBE_TIMEOUT', text));
  });
  return {
    signal: controller.signal,
    end: () => {
      cancel();
      signal.removeEventListener('abort', onAbort);
    },
  };
}

function failureOf(
  error: unknown,
  { probe, runId }: ProbeTask,
  log: Logger,
): Pick<ProbeRun, 'verdict' | 'reason' | 'message'> {
  if (error instanceof EngineError && error.code !== 'INTERNAL') {
    return { verdict: 'failed', reason: error.code, message: error.message };
  }
  log.error({ probe: probe.name, runId, error }, 'internal error in a probe');
  return { verdict: 'failed', reason: 'INTERNAL', message: 'internal error' };
}

function finishedRun(
  { runId, probe, model, version, trigger }: ProbeTask,
  info: ModelInfo | undefined,
  findings: Findings | Pick<ProbeRun, 'verdict' | 'reason' | 'message'>,
  startedMs: number,
  finishedMs: number,
): FinishedRun {
  const none = { doubts: [], examples: 0, imageSteps: 0, attacks: [], pairs: undefined };
  const { pairs, ...found } = { ...none, ...findings };
  return {
    run: {
      runId,
      probe: probe.name,
      trigger,
      model: { name: model, version: info?.version ?? version, sha256: info?.sha256 ?? '' },
      dataset: probe.dataset,
      startedMs,
      finishedMs,
      seed: probe.seed,
      ...found,
    },
    pairs,
  };
}
