import type { HostObserver, ModelRef } from '../../host/index.js';
import type { TelemetryConfig } from '../config.js';
import type { Logger } from '../logger.js';
import { type ObservedCalls, observeCalls } from './observe-calls.js';
import { observeRuns, type RunObserver } from './observe-runs.js';
import { ProbeMetrics } from './probe-metrics.js';
import { processMetrics } from './process-metrics.js';
import { type Exposition, type MetricDescription, MetricRegistry } from './registry.js';
import { hostMetrics, type Sources, servingMetrics, stateMetrics } from './serving-metrics.js';
import { startTracing } from './tracing.js';

/** What a gateway tells of itself: metrics, traces, and a line in the log for whatever has ended. */
export interface Telemetry {
  readonly calls: ObservedCalls;
  readonly runs: RunObserver;
  readonly hosts: HostObserver;
  readonly probes: ProbeMetrics;
  /** Every metric that there is. */
  readonly descriptions: readonly MetricDescription[];
  /** Says what to look at from now on when somebody reads the metrics. */
  watch(sources: Sources): void;
  /** Says which versions are loaded, whenever that has changed: series of others go. */
  loaded(versions: readonly ModelRef[]): void;
  /** All metrics as text. */
  expose(accept: string): Promise<Exposition>;
  close(): Promise<void>;
}

export interface TelemetryOptions {
  readonly config: TelemetryConfig;
  /** Of this program. */
  readonly version: string;
  /** Names of the lanes that there are. */
  readonly lanes: readonly string[];
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Starts to measure. */
export async function startTelemetry({ config, version, lanes, log, env }: TelemetryOptions): Promise<Telemetry> {
  const registry = new MetricRegistry();
  const tracing = await startTracing(config, env);
  const stopMeasuring = processMetrics(registry, version);
  const serving = servingMetrics(registry);
  const runs = observeRuns(serving, tracing.tracer, log);
  const hosts = hostMetrics(registry, runs.traceIdOf);
  hosts.expectLanes(lanes);
  let sources: Sources | undefined;
  let known = new Map<string, ModelRef>();
  stateMetrics(registry, () => sources);
  const probes = new ProbeMetrics(registry);
  return {
    calls: observeCalls(serving, tracing.tracer, log),
    runs,
    hosts: {
      ...hosts,
      callEnded(call) {
        hosts.callEnded(call);
        runs.callEnded(call);
      },
    },
    probes,
    descriptions: registry.descriptions,
    watch(looked) {
      sources = looked;
    },
    loaded(versions) {
      const now = new Map(versions.map(({ name, version }) => [`${name}@${version}`, { name, version }]));
      const names = new Set(versions.map(({ name }) => name));
      for (const [key, { name, version }] of known) {
        if (!now.has(key)) probes.forget(name, version);
        if (!names.has(name)) for (const metric of [hosts, serving]) metric.forget(name);
      }
      known = now;
    },
    expose: (accept) => registry.expose(accept),
    async close() {
      stopMeasuring();
      await tracing.close();
    },
  };
}
