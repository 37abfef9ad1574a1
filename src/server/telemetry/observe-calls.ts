import { status } from '@grpc/grpc-js';
import { isSpanContextValid, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { EngineError } from '../../engine/index.js';
import type { CallObserver } from '../grpc/call-observer.js';
import type { Logger } from '../logger.js';
import { REJECTIONS, type servingMetrics } from './serving-metrics.js';
import { contextOf, exemplarOf, formatTraceParent, parseTraceParent } from './trace-context.js';

/** What follows calls, and is told beforehand which there are. */
export interface ObservedCalls extends CallObserver {
  /** Makes the series of these methods, as in `/robustgate.v1.RobustnessService/Predict`. */
  expect(paths: readonly string[]): void;
}

/** Codes that are the server's fault: https://opentelemetry.io/docs/specs/semconv/rpc/grpc/ */
const SERVER_FAULTS: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** Measures calls, makes a span of each, and a line in the log when it has ended. */
export function observeCalls(
  { inFlight, rpcDuration, rejected }: ReturnType<typeof servingMetrics>,
  tracer: Tracer,
  log: Logger,
): ObservedCalls {
  const change = (method: string, by: number): void => void inFlight.set(method, (inFlight.get(method) ?? 0) + by);
  return {
    expect(paths) {
      for (const path of paths) {
        const method = path.slice(1);
        change(method, 0);
        rpcDuration.prepare({ method, code: 'OK' });
      }
    },
    begin({ method, traceParent, traceState }) {
      const startMs = performance.now();
      change(method, 1);
      const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method };
      const parent = contextOf(parseTraceParent(traceParent, traceState));
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
      const own = span.spanContext();
      const traceId = isSpanContextValid(own) ? own.traceId : undefined;
      return {
        traceParent: traceId === undefined ? undefined : formatTraceParent(own),
        end(code, failure) {
          const seconds = (performance.now() - startMs) / 1000;
          const name = status[code] ?? 'UNKNOWN';
          change(method, -1);
          rpcDuration.observe({ method, code: name }, seconds, exemplarOf(own));
          const reason = failure instanceof EngineError ? failure.code : undefined;
          if (REJECTIONS.some((rejection) => rejection === reason)) rejected.add({ reason: reason ?? '' });
          endSpan(span, code, reason);
          const fields = { method, code: name, seconds, ...(reason && { reason }), ...(traceId && { traceId }) };
          log.debug(fields, 'call ended');
        },
      };
    },
  };
}

function endSpan(span: Span, code: status, reason: string | undefined): void {
  const name = status[code] ?? 'UNKNOWN';
  span.setAttribute('rpc.response.status_code', name);
  if (code !== status.OK) span.setAttribute('error.type', reason ?? name);
  if (SERVER_FAULTS.has(code)) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
