import { type Context, isSpanContextValid, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { type CallKind, EngineError, type TerminatedBy } from '../../engine/index.js';
import type { HostCall, ModelRef } from '../../host/index.js';
import { type Logger, withFields } from '../logger.js';
import type { RunKindName, RunOutcome, servingMetrics } from './serving-metrics.js';
import { contextOf, exemplarOf, formatTraceParent, parseTraceParent } from './trace-context.js';

/** A run that begins. */
export interface BeginningRun {
  readonly id: string;
  readonly kind: RunKindName;
  readonly model: ModelRef;
  /** W3C trace context of the call that it is for, if it has one. */
  readonly traceParent: string | undefined;
}

/** What a run says of itself: only a summary is listened to. */
export interface RunEvent {
  readonly type: string;
  readonly summary?: { readonly terminatedBy: TerminatedBy; readonly imageSteps?: number };
}

/** A run that somebody follows. */
export interface ObservedRun {
  /** Trace context for its calls into hosts, if it has one. */
  readonly traceParent: string | undefined;
  /** Names the run and its trace in every line. */
  readonly log: Logger;
  /** It waits no longer. */
  admitted(): void;
  saw(event: RunEvent): void;
  failed(error: unknown): void;
  /** It has ended, and was cancelled if nothing else was said. Once is enough, twice does no harm. */
  close(): void;
}

/** Follows runs from their admission on, and into the hosts. */
export interface RunObserver {
  begin(run: BeginningRun): ObservedRun;
}

/** Native calls of one kind, all that a run made. */
interface Phase {
  readonly startMs: number;
  endMs: number;
  calls: number;
  busyMs: number;
  longestMs: number;
}

/** Milliseconds since 1970, on a clock that never goes back. */
const nowMs = (): number => performance.timeOrigin + performance.now();

export type RunRegister = RunObserver & {
  /** A native call was made for a run. */
  callEnded(call: HostCall): void;
  /** The trace that a call of a run is an example of, if there is one that is kept. */
  exemplarOf(runId: string): string | undefined;
};

/** Measures runs, makes spans of each, and a line in the log when it has ended. */
export function observeRuns(metrics: ReturnType<typeof servingMetrics>, tracer: Tracer, log: Logger): RunRegister {
  const runs = new Map<string, FollowedRun>();
  return {
    begin(run) {
      const followed = new FollowedRun(run, { metrics, tracer, log, onClose: () => runs.delete(run.id) });
      runs.set(run.id, followed);
      return followed;
    },
    callEnded: (call) => runs.get(call.runId)?.callEnded(call),
    exemplarOf: (runId) => runs.get(runId)?.exemplar,
  };
}

interface Tools {
  readonly metrics: ReturnType<typeof servingMetrics>;
  readonly tracer: Tracer;
  readonly log: Logger;
  readonly onClose: () => void;
}

class FollowedRun implements ObservedRun {
  readonly traceParent: string | undefined;
  readonly exemplar: string | undefined;
  readonly log: Logger;
  readonly #run: BeginningRun;
  readonly #tools: Tools;
  readonly #startMs = nowMs();
  readonly #span: Span;
  readonly #context: Context;
  readonly #phases = new Map<CallKind, Phase>();
  #queueSpan: Span | undefined;
  #end: { readonly outcome: RunOutcome; readonly reason?: string } = { outcome: 'cancelled' };
  #imageSteps = 0;
  #isClosed = false;

  constructor(run: BeginningRun, tools: Tools) {
    this.#run = run;
    this.#tools = tools;
    const { kind, model, id } = run;
    const parent = contextOf(parseTraceParent(run.traceParent));
    const attributes = {
      'robustgate.run.id': id,
      'robustgate.model.name': model.name,
      'robustgate.model.version': model.version,
    };
    this.#span = tools.tracer.startSpan(kind, { startTime: this.#startMs, attributes }, parent);
    this.#context = trace.setSpan(parent, this.#span);
    if (!isInServeLane(kind)) {
      this.#queueSpan = tools.tracer.startSpan('queue', { startTime: this.#startMs }, this.#context);
    }
    const own = this.#span.spanContext();
    const isTraced = isSpanContextValid(own);
    this.traceParent = isTraced ? formatTraceParent(own) : undefined;
    this.exemplar = exemplarOf(own);
    this.log = withFields(tools.log, { runId: id, ...(isTraced && { traceId: own.traceId }) });
  }

  admitted(): void {
    if (this.#queueSpan === undefined) return;
    const endMs = nowMs();
    this.#tools.metrics.queueWait.observe({ kind: this.#run.kind }, (endMs - this.#startMs) / 1000, this.exemplar);
    this.#queueSpan.end(endMs);
    this.#queueSpan = undefined;
  }

  saw({ type, summary }: RunEvent): void {
    if (type !== 'summary' || summary === undefined) return;
    this.#end = { outcome: summary.terminatedBy };
    this.#imageSteps = summary.imageSteps ?? 0;
  }

  failed(error: unknown): void {
    const isCancel = error instanceof EngineError ? error.code === 'CANCELLED' : isAbort(error);
    const reason = error instanceof EngineError ? error.code : 'INTERNAL';
    this.#end = isCancel ? { outcome: 'cancelled' } : { outcome: 'failed', reason };
  }

  callEnded({ call, durationMs }: HostCall): void {
    const endMs = nowMs();
    const phase = this.#phases.get(call) ?? { startMs: endMs - durationMs, endMs, calls: 0, busyMs: 0, longestMs: 0 };
    phase.endMs = endMs;
    phase.calls++;
    phase.busyMs += durationMs;
    phase.longestMs = Math.max(phase.longestMs, durationMs);
    this.#phases.set(call, phase);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tools.onClose();
    const { metrics } = this.#tools;
    const { kind, model } = this.#run;
    const seconds = (nowMs() - this.#startMs) / 1000;
    const { outcome, reason } = this.#end;
    metrics.runs.add({ kind, outcome });
    metrics.runDuration.observe({ kind }, seconds, this.exemplar);
    if (this.#imageSteps > 0) metrics.imageSteps.add({ model: model.name }, this.#imageSteps);
    this.#endSpans(outcome, reason);
    const level = isInServeLane(kind) ? 'debug' : 'info';
    this.log[level](
      {
        kind,
        model: model.name,
        version: model.version,
        outcome,
        seconds,
        ...(reason !== undefined && { reason }),
        ...(this.#imageSteps > 0 && { imageSteps: this.#imageSteps }),
      },
      'run ended',
    );
  }

  /** A span of each kind of native call: one for each call would be thousands. */
  #endSpans(outcome: RunOutcome, reason: string | undefined): void {
    this.#queueSpan?.end();
    for (const [call, { startMs, endMs, calls, busyMs, longestMs }] of this.#phases) {
      const attributes = {
        'robustgate.calls': calls,
        'robustgate.busy_seconds': busyMs / 1000,
        'robustgate.longest_seconds': longestMs / 1000,
      };
      const name = call === 'step' ? 'steps' : call;
      this.#tools.tracer.startSpan(name, { startTime: startMs, attributes }, this.#context).end(endMs);
    }
    this.#span.setAttribute('robustgate.run.outcome', outcome);
    if (this.#imageSteps > 0) this.#span.setAttribute('robustgate.image_steps', this.#imageSteps);
    if (reason !== undefined) {
      this.#span.setAttribute('error.type', reason);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

/** Nothing waits for that lane, and what runs there is over at once. */
const isInServeLane = (kind: RunKindName): boolean => kind === 'predict' || kind === 'infer';

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';
