import type { CallKind } from '../../engine/index.js';
import { HOST_ENDS, type HostObserver } from '../../host/index.js';
import type { Admission } from '../admission/admission.js';
import type { VersionStatus } from '../repository/repository.js';
import type { Residency, ResidencyObserver } from '../repository/residency.js';
import type { MetricRegistry } from './registry.js';

/** What is looked at when somebody reads the metrics. */
export interface Sources {
  versions(): readonly VersionStatus[];
  isQuarantined(version: VersionStatus): boolean;
  isUp(lane: 'serve' | 'attack'): boolean;
  readonly residency: Pick<Residency, 'budgetBytes' | 'keptBytes'>;
  readonly queues: Readonly<Record<'serve' | 'attack', Admission>>;
}

/** Seconds. */
const RPC_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];
const WAIT_BUCKETS = [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1800];
const RUN_BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 1800, 3600];
const HOST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Why a call is turned away before anything is computed for it. */
export const REJECTIONS = [
  'DEADLINE_TOO_SHORT',
  'DRAINING',
  'HOST_UNAVAILABLE',
  'MEMORY_BUDGET_EXCEEDED',
  'MODEL_NOT_READY',
  'MODEL_QUARANTINED',
  'PERMISSION_DENIED',
  'QUEUE_FULL',
  'QUOTA_EXCEEDED',
  'STORE_UNAVAILABLE',
  'UNAUTHENTICATED',
] as const;

/** What runs in a host for a call. */
export const RUN_KINDS = ['predict', 'infer', 'attack', 'gradient-norm', 'probe'] as const;
export type RunKindName = (typeof RUN_KINDS)[number];

/** How a run ends. */
export const RUN_OUTCOMES = ['completed', 'early-stop', 'deadline', 'drain', 'cancelled', 'failed'] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/** Name of a model without its version. */
const modelNameOf = (model: string): string => model.split('@')[0] ?? model;

/** What is counted of calls and runs as they happen. */
export function servingMetrics(registry: MetricRegistry) {
  const inFlight = new Map<string, number>();
  registry.gauge({ name: 'rpc_in_flight', help: 'Calls that are being answered.', labels: ['method'] }, () =>
    [...inFlight].map(([method, count]) => [{ method }, count] as const),
  );
  const rejected = registry.counter({
    name: 'rejected_total',
    help: 'Calls turned away before anything was computed for them, by the code of the error.',
    labels: ['reason'],
  });
  for (const reason of REJECTIONS) rejected.add({ reason }, 0);
  const queueWait = registry.histogram(
    { name: 'queue_wait_seconds', help: 'Time that runs waited for their turn.', labels: ['kind'] },
    WAIT_BUCKETS,
  );
  const runs = registry.counter({
    name: 'runs_total',
    help: 'Runs that ended, by what they were and how they ended.',
    labels: ['kind', 'outcome'],
  });
  const runDuration = registry.histogram(
    { name: 'run_duration_seconds', help: 'Time from admission to the end of a run.', labels: ['kind'] },
    RUN_BUCKETS,
  );
  for (const kind of RUN_KINDS) {
    for (const outcome of RUN_OUTCOMES) runs.add({ kind, outcome }, 0);
    queueWait.prepare({ kind });
    runDuration.prepare({ kind });
  }
  const imageSteps = registry.counter({
    name: 'image_steps_total',
    help: 'Gradients of one example each that finished attacks took.',
    labels: ['model'],
  });
  return {
    inFlight,
    rpcDuration: registry.histogram(
      { name: 'rpc_duration_seconds', help: 'Time to answer a call, to its last message.', labels: ['method', 'code'] },
      RPC_BUCKETS,
    ),
    rejected,
    queueWait,
    runs,
    runDuration,
    imageSteps,
    /** A model is gone: its series go. */
    forget: (model: string) => imageSteps.forget({ model }),
  };
}

export interface HostMetrics extends HostObserver {
  /** Makes the series of these lanes. */
  expectLanes(lanes: readonly string[]): void;
  /** A model is gone: its series go. */
  forget(model: string): void;
}

/** What is counted of hosts as things happen to them. */
export function hostMetrics(registry: MetricRegistry, exemplarOf: (runId: string) => string | undefined): HostMetrics {
  const labels = ['lane', 'call', 'model'];
  const duration = registry.histogram(
    { name: 'host_call_duration_seconds', help: 'Time of native calls, as hosts measured it.', labels },
    HOST_BUCKETS,
  );
  const restarts = registry.counter({
    name: 'host_restarts_total',
    help: 'Hosts that ended by themselves and were started again.',
    labels: ['lane', 'reason'],
  });
  const quarantines = registry.counter({
    name: 'quarantines_total',
    help: 'How often attacks on a model were shut off because hosts kept dying from it.',
    labels: ['model'],
  });
  return {
    callEnded({ lane, call, model, runId, durationMs }) {
      const series = { lane, call: call satisfies CallKind, model: modelNameOf(model) };
      duration.observe(series, durationMs / 1000, exemplarOf(runId));
    },
    restarted: (lane, reason) => restarts.add({ lane, reason }),
    quarantined: (_, model) => quarantines.add({ model: modelNameOf(model) }),
    forget(model) {
      duration.forget({ model });
      quarantines.forget({ model });
    },
    expectLanes(lanes) {
      for (const lane of lanes) for (const reason of HOST_ENDS) restarts.add({ lane, reason }, 0);
    },
  };
}

export interface ResidencyMetrics extends ResidencyObserver {
  /** A model is gone: its series go. */
  forget(model: string): void;
}

/** What is counted of models that leave the hosts and come back. */
export function residencyMetrics(registry: MetricRegistry): ResidencyMetrics {
  const unloads = registry.counter({
    name: 'idle_unloads_total',
    help: 'How often a version of a model that nobody used was unloaded to spare memory.',
    labels: ['model'],
  });
  const reloads = registry.counter({
    name: 'idle_reloads_total',
    help: 'How often such a version was loaded again for a call, by whether that went well.',
    labels: ['model', 'outcome'],
  });
  return {
    unloaded: ({ name }) => unloads.add({ model: name }),
    reloaded: ({ name }, isGood) => reloads.add({ model: name, outcome: isGood ? 'loaded' : 'failed' }),
    forget(model) {
      unloads.forget({ model });
      reloads.forget({ model });
    },
  };
}

/** What is read off when somebody asks. */
export function stateMetrics(registry: MetricRegistry, sources: () => Sources | undefined): void {
  const versions = (): readonly VersionStatus[] => sources()?.versions() ?? [];
  registry.gauge(
    {
      name: 'model_info',
      help: 'Versions of models: 1 for each, with its state.',
      labels: ['model', 'version', 'state', 'provider'],
    },
    () =>
      versions().map(
        ({ name, version, state, info }) =>
          [{ model: name, version, state, provider: info?.provider ?? '' }, 1] as const,
      ),
  );
  registry.gauge({ name: 'models_serving', help: 'Models with a version that serves.', labels: [] }, () => [
    [{}, versions().filter(({ state }) => state === 'serving').length],
  ]);
  registry.gauge(
    {
      name: 'model_quarantined',
      help: 'Whether attacks on a version are shut off: 1 or 0.',
      labels: ['model', 'version'],
    },
    () =>
      versions().map(
        (status) =>
          [{ model: status.name, version: status.version }, sources()?.isQuarantined(status) ? 1 : 0] as const,
      ),
  );
  registry.gauge(
    {
      name: 'model_unloaded',
      help: 'Whether a version is out of the hosts until it is called: 1 or 0.',
      labels: ['model', 'version'],
    },
    () => versions().map(({ name: model, version, isUnloaded }) => [{ model, version }, isUnloaded ? 1 : 0] as const),
  );
  residencyGauge('models_kept_bytes', 'Memory that models keep between calls, estimated.', 'keptBytes');
  residencyGauge('models_kept_limit_bytes', 'Most of it before idle models are unloaded.', 'budgetBytes');
  registry.gauge(
    { name: 'host_up', help: 'Whether the host of a lane is up with all its models: 1 or 0.', labels: ['lane'] },
    () => lanes.map((lane) => [{ lane }, sources()?.isUp(lane) ? 1 : 0] as const),
  );
  queueGauge('lane_running', 'Calls that a lane works on, or runs that share it.', ({ running }) => running);
  queueGauge('lane_running_limit', 'Most of them at a time.', ({ places }) => places);
  queueGauge('lane_waiting', 'Runs that wait for a lane.', ({ waiting }) => waiting);
  queueGauge('lane_waiting_limit', 'Most of them at a time; more are turned away.', ({ queueLength }) => queueLength);

  function residencyGauge(name: string, help: string, read: 'keptBytes' | 'budgetBytes'): void {
    registry.gauge({ name, help, labels: [] }, () => {
      const residency = sources()?.residency;
      return residency === undefined ? [] : [[{}, residency[read]] as const];
    });
  }

  function queueGauge(name: string, help: string, read: (queue: Admission) => number): void {
    registry.gauge({ name, help, labels: ['lane'] }, () => {
      const queues = sources()?.queues;
      return queues === undefined ? [] : lanes.map((lane) => [{ lane }, read(queues[lane])] as const);
    });
  }
}

const lanes = ['serve', 'attack'] as const;
