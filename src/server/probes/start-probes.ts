import type { Hosts } from '../../host/index.js';
import type { GatewayConfig } from '../config.js';
import type { ImagePool } from '../images/image-pool.js';
import type { Logger } from '../logger.js';
import type { ModelRepository } from '../repository/repository.js';
import type { Database } from '../store/database.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { observeProbes } from './observe-probes.js';
import { probePerformer } from './perform-probe.js';
import { type ProbeHistory, probeHistory } from './probe-history.js';
import { Prober, type ProberOptions } from './prober.js';
import { systemClock } from './wall-clock.js';

/** What probes of a gateway work with. */
export interface ProbeParts extends Pick<ProberOptions, 'newRunId'> {
  readonly config: GatewayConfig;
  readonly database: Database;
  readonly hosts: Pick<Hosts, 'attack'>;
  readonly pool: ImagePool;
  readonly repository: Pick<ModelRepository, 'versions' | 'acquire' | 'reconsider'>;
  readonly log: Logger;
  readonly telemetry: Pick<Telemetry, 'probes' | 'runs'>;
}

/** The probes of a gateway, which run once `start` is called, and their history. */
export function probesOf(parts: ProbeParts): { readonly prober: Prober; readonly history: ProbeHistory } {
  const { config, database, hosts, pool, repository, log, telemetry, newRunId } = parts;
  const { keepDays, keepRuns } = config.history;
  const history = probeHistory(database, { maxAgeMs: keepDays * 24 * 3_600_000, maxRuns: keepRuns });
  const clock = systemClock;
  const perform = probePerformer({
    lane: hosts.attack,
    pool,
    datasets: config.datasets,
    history,
    repository,
    clock,
    log,
    runs: telemetry.runs,
  });
  const { probes } = config;
  const observer = observeProbes(telemetry.probes, probes, history, clock.now());
  return { prober: new Prober({ probes, history, repository, perform, clock, log, newRunId, observer }), history };
}
