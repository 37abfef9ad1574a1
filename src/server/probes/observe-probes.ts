import type { ProbeMetrics } from '../telemetry/probe-metrics.js';
import type { ProbeConfig } from './probe-config.js';
import type { ProbeHistory } from './probe-history.js';
import type { ProbeTask } from './probe-queue.js';
import type { ProbeObserver } from './prober.js';
import { scheduleOf } from './schedule.js';

type ConfiguredProbe = Parameters<ProbeMetrics['configured']>[0][number];

/** Missed runs that make figures stale. */
const STALE_AFTER_RUNS = 2;

/** Says in metrics what probes do. */
export function observeProbes(
  metrics: ProbeMetrics,
  probes: readonly ProbeConfig[],
  history: Pick<ProbeHistory, 'configuredSince'>,
  nowMs: number,
): ProbeObserver {
  const staleAfter = new Map(probes.map((probe) => [probe.name, staleAfterSeconds(probe, nowMs)]));
  // One that names its model is there before the model is, or its absence would be seen by nobody.
  const models = new Map(probes.map((probe) => [probe.name, probe.model === undefined ? [] : [probe.model]]));
  const tellAll = (): void =>
    metrics.configured(
      probes.flatMap((probe): ConfiguredProbe[] =>
        (models.get(probe.name) ?? []).map((model) => ({
          name: probe.name,
          model,
          dataset: probe.dataset,
          attacks: probe.attacks,
          schedule: probe.schedule,
          staleAfterSeconds: staleAfter.get(probe.name) ?? 0,
          sinceMs: history.configuredSince(probe.name, nowMs),
        })),
      ),
    );
  tellAll();
  return {
    scheduled({ name, model }, targets, nextMs) {
      const all = [...new Set([...(model === undefined ? [] : [model]), ...targets])];
      const isNew = String(all) !== String(models.get(name));
      models.set(name, all);
      if (isNew) tellAll();
      for (const each of all) metrics.scheduled(name, each, nextMs);
    },
    started: (task) => metrics.started(probedOf(task)),
    ended: (task) => metrics.finished(probedOf(task)),
    recorded: (run) => metrics.record(run),
    loaded({ name, version }, runs) {
      // Bytes that were changed in place have figures of their own.
      if (runs.length === 0) metrics.forget(name, version);
      else metrics.restore(runs);
    },
  };
}

const probedOf = ({ probe, model, version }: ProbeTask) => ({ probe: probe.name, model, version });

/** Twice the longest time between two runs, whatever gaps the schedule has, and the time that a run may take. */
function staleAfterSeconds(probe: ProbeConfig, nowMs: number): number {
  const { longestGapMs } = scheduleOf({ ...probe, expression: probe.schedule });
  return Math.ceil((STALE_AFTER_RUNS * longestGapMs(nowMs)) / 1000 + probe.timeoutSeconds);
}
