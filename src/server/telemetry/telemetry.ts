import { type Tracer, trace } from '@opentelemetry/api';
import type { HostObserver, ModelRef } from '../../host/index.js';
import type { TelemetryConfig } from '../config.js';
import type { Logger } from '../logger.js';
import type { ResidencyObserver } from '../repository/residency.js';
import { type ObservedCalls, observeCalls } from './observe-calls.js';
import { observeRuns, type RunObserver } from './observe-runs.js';
import { ProbeMetrics } from './probe-metrics.js';
import { processMetrics } from './process-metrics.js';
import { type Exposition, type MetricDescription, MetricRegistry } from './registry.js';
import { hostMetrics, residencyMetrics, type Sources, servingMetrics, stateMetrics } from './serving-metrics.js';
import { startTracing } from './tracing.js';

/** What a gateway tells of itself: metrics, traces, and a line in the log for whatever has ended. */
export interface Telemetry {
  readonly calls: ObservedCalls;
  readonly runs: RunObserver;
  readonly hosts: HostObserver;
  readonly probes: ProbeMetrics;
  readonly residency: ResidencyObserver;
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
  const tracing = await startTracing(config, env);
  const registry = new MetricRegistry();
  const { watched, hosts, serving, residency, probes, runs, calls } = metricsIn(registry, tracing.tracer, log);
  const stopMeasuring = processMetrics(registry, version);
  hosts.expectLanes(lanes);
  let known = new Map<string, ModelRef>();
  return {
    calls,
    runs,
    hosts: {
      ...hosts,
      callEnded(call) {
        hosts.callEnded(call);
        runs.callEnded(call);
      },
    },
    probes,
    residency,
    watch(sources) {
      watched.sources = sources;
    },
    loaded(versions) {
      const now = new Map(versions.map(({ name, version }) => [`${name}@${version}`, { name, version }]));
      const names = new Set(versions.map(({ name }) => name));
      for (const [key, { name, version }] of known) {
        if (!now.has(key)) probes.forget(name, version);
        if (!names.has(name)) for (const metrics of [hosts, serving, residency]) metrics.forget(name);
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

/** Every metric that a gateway has, in the order in which it tells them. */
export function metricDescriptions(): readonly MetricDescription[] {
  const registry = new MetricRegistry();
  const nothing = (): void => undefined;
  metricsIn(registry, trace.getTracer(''), { debug: nothing, info: nothing, warn: nothing, error: nothing });
  processMetrics(registry, '')();
  return registry.descriptions;
}

function metricsIn(registry: MetricRegistry, tracer: Tracer, log: Logger) {
  const watched: { sources: Sources | undefined } = { sources: undefined };
  const probes = new ProbeMetrics(registry);
  const serving = servingMetrics(registry);
  const runs = observeRuns(serving, tracer, log);
  const hosts = hostMetrics(registry, runs.exemplarOf);
  const residency = residencyMetrics(registry);
  stateMetrics(registry, () => watched.sources);
  return { watched, probes, serving, residency, runs, hosts, calls: observeCalls(serving, tracer, log) };
}
