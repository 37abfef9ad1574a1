import type { ModelInfo } from '../../engine/index.js';
import type { ProbeConfig } from './probe-config.js';
import type { ProbeHistory } from './probe-history.js';
import type { ProbeRun } from './probe-run.js';
import { isTarget } from './probe-targets.js';

/** What decides whether a version may take traffic. */
export interface HoldFacts {
  readonly probes: readonly ProbeConfig[];
  readonly history: ProbeHistory;
  /**
   * Whether the gateway is still loading what lies there at its start: then a probe that has never run on a model holds none of
   * its versions, for an older one was not served before either.
   */
  readonly isStarting: boolean;
}

/**
 * Why a version must not take traffic from an older one yet; `undefined` where nothing is against it. It may once a run of each
 * probe with `onNewVersion: before-traffic` was good, and keeps that whatever later runs say.
 */
export function holdReason(info: ModelInfo, { probes, history, isStarting }: HoldFacts): string | undefined {
  const reasons = probes
    .filter((probe) => probe.onNewVersion === 'before-traffic' && isTarget(probe, info))
    .filter(({ name }) => !history.wasGood(name, info))
    .filter(({ name }) => !(isStarting && history.last(name, info.name) === undefined))
    .map(({ name }) => reasonOf(name, history.lastOf(name, info)));
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

function reasonOf(probe: string, last: ProbeRun | undefined): string {
  if (last === undefined) return `takes no traffic before the probe ${probe} has run on it`;
  const why = last.message === '' ? last.reason : last.message;
  return `takes no traffic: the probe ${probe} ended as ${last.verdict}${why === '' ? '' : `, ${why}`} (run ${last.runId})`;
}
