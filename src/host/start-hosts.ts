import { fileURLToPath } from 'node:url';
import { DEFAULT_PROBE_SHARE } from './child/step-scheduler.js';
import { usableCores } from './cpu-quota.js';
import type { HostObserver } from './host-observer.js';
import type { Hosts } from './lanes.js';
import { LANE_LIMITS, type LaneLimits, type LaneLog, SupervisedLane } from './supervised-lane.js';

export interface HostsOptions {
  /** One process for each lane, or one for both where memory is short. Default: `separate`. */
  readonly hosts?: 'separate' | 'shared';
  /** Threads of each session. Default: the cores that this process may use. */
  readonly threads?: number;
  /** Most memory that the gradient programs of one model may take, in bytes. */
  readonly memoryBudgetBytes: number;
  /** Share of the steps of attacks and probes that probes get at least, above 0 and at most 1. Default: 0.1. */
  readonly probeShare?: number;
  /** Most examples of different callers that one prediction computes. Default: 1, each caller's alone. */
  readonly predictBatch?: number;
  /** Bytes of events that a run may be ahead of its reader: beyond, it waits. Default: 4 MiB. */
  readonly streamBytes?: number;
  readonly limits?: Partial<LaneLimits>;
  readonly log: LaneLog;
  /** Default: nobody. */
  readonly observer?: HostObserver;
  /** File that host processes run; tests have one of their own. */
  readonly entry?: string;
}

/** Most examples of different callers that one prediction computes, unless told otherwise: on two cores sharing gained nothing. */
export const PREDICT_BATCH = 1;

/** Bytes of events that a run may be ahead of its reader, unless told otherwise. */
export const STREAM_BYTES = 4 * 2 ** 20;

/** The lowest priority there is: an attack takes the cores that predictions leave. */
const ATTACK_NICE = 19;

/** Starts the hosts of this device; they come up while the caller goes on. */
export function startHosts(options: HostsOptions): Hosts {
  const entry = options.entry ?? fileURLToPath(new URL('./child/main.js', import.meta.url));
  const isShared = options.hosts === 'shared';
  const lane = (name: string, role: 'serve' | 'attack', nice: number): SupervisedLane =>
    new SupervisedLane({
      name,
      entry,
      host: {
        role,
        nice,
        threads: options.threads ?? usableCores(),
        // Where lanes share cores, threads that spin take what the other one needs.
        allowSpinning: isShared,
        memoryBudgetBytes: options.memoryBudgetBytes,
        probeShare: options.probeShare ?? DEFAULT_PROBE_SHARE,
        predictBatch: options.predictBatch ?? PREDICT_BATCH,
        streamBytes: options.streamBytes ?? STREAM_BYTES,
      },
      limits: { ...LANE_LIMITS, ...options.limits },
      log: options.log,
      ...(options.observer !== undefined && { observer: options.observer }),
    });
  const attack = isShared ? lane('shared', 'attack', 0) : lane('attack', 'attack', ATTACK_NICE);
  const serve = isShared ? attack : lane('serve', 'serve', 0);
  return {
    serve,
    attack,
    drain: () => attack.drain(),
    async close() {
      await Promise.all([...new Set([serve, attack])].map((each) => each.close()));
    },
  };
}
