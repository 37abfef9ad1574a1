import {
  type Context,
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';

const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/**
 * What a `traceparent` says, or `undefined` where it says nothing that is valid: such a trace is not continued.
 *
 * Source: https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function parseTraceParent(traceParent: string | undefined, traceState?: string): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = ''] = TRACE_PARENT.exec(traceParent ?? '') ?? [];
  if (version === undefined || version === 'ff' || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  // Of version 0 we know that nothing follows.
  if (version === '00' && traceParent?.length !== 55) return undefined;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(traceState !== undefined && { traceState: createTraceState(traceState) }),
  };
}

/** The reverse. */
export const formatTraceParent = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;

/** The trace that a slow call is an example of: none where it is not kept. */
export const exemplarOf = (span: SpanContext): string | undefined =>
  isSpanContextValid(span) && (span.traceFlags & TraceFlags.SAMPLED) !== 0 ? span.traceId : undefined;

/** What a span of this trace is made in; without a trace, one of its own. */
export const contextOf = (span: SpanContext | undefined): Context =>
  span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span);
