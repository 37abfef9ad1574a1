import { context, propagation, type Tracer, trace } from '@opentelemetry/api';
import type { TelemetryConfig } from '../config.js';

/** Where spans go. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is left, for a while, and stops. */
  close(): Promise<void>;
}

/** How long the last spans may take to leave, in milliseconds. */
const FLUSH_MS = 3000;

/** Variables that say where spans go: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const;

/**
 * Starts OpenTelemetry where the configuration or the standard variables say where to send spans. Nothing of the SDK is loaded
 * otherwise: spans are then made for whatever the program around the gateway has registered, or for nobody.
 *
 * The configuration goes before the variables; what it leaves out is theirs (`OTEL_TRACES_SAMPLER`, headers, limits, …).
 */
export async function startTracing(
  config: TelemetryConfig,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Tracing> {
  const isConfigured = config.otlpEndpoint !== undefined || ENDPOINTS.some((name) => env[name]);
  const isOff = env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none';
  if (!isConfigured || isOff) return { tracer: tracer(), close: async () => undefined };
  const sdk = await sdkOf(config, env);
  sdk.start();
  return {
    tracer: tracer(),
    async close() {
      await Promise.race([sdk.shutdown().catch(() => undefined), later(FLUSH_MS)]);
      // What is global would outlive the gateway otherwise, and keep the next one's out.
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

const tracer = (): Tracer => trace.getTracer('robustgate');

async function sdkOf(
  { otlpEndpoint, serviceName, sampleRatio }: TelemetryConfig,
  env: Readonly<Record<string, string | undefined>>,
) {
  const { NodeSDK, tracing } = await import('@opentelemetry/sdk-node');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  return new NodeSDK({
    serviceName: serviceName ?? env['OTEL_SERVICE_NAME'] ?? 'robustgate',
    // Figures are Prometheus' to collect, and logs are on standard error.
    metricReaders: [],
    logRecordProcessors: [],
    ...(otlpEndpoint !== undefined && { traceExporter: new OTLPTraceExporter({ url: tracesUrl(otlpEndpoint) }) }),
    ...(sampleRatio !== undefined && {
      sampler: new tracing.ParentBasedSampler({ root: new tracing.TraceIdRatioBasedSampler(sampleRatio) }),
    }),
  });
}

/** Where spans go below an endpoint: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
const tracesUrl = (endpoint: string): string => `${endpoint.replace(/\/+$/, '')}/v1/traces`;

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
