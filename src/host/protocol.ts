import type { CallKind } from '../engine/index.js';
import { EngineError, ERROR_CODES, type ErrorCode, type ErrorDetails } from '../engine/index.js';

/** What a host can be asked for. */
export type Method = 'load' | 'unload' | 'requireMemory' | 'predict' | 'infer' | 'attack' | 'gradientNorm';

/** From the gateway to a host. */
export type Request =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly method: Method;
      readonly args: readonly unknown[];
      readonly runId: string;
      readonly principal: string;
      /** When the last result must have left, on the shared clock; `undefined` means whenever. */
      readonly deadlineMs: number | undefined;
      /** When the call was sent, on the shared clock. */
      readonly sentMs: number;
      readonly traceParent: string | undefined;
      /** `undefined` is what the method usually has. */
      readonly priority: 'probe' | undefined;
    }
  | { readonly kind: 'cancel'; readonly id: number }
  /** The reader of a stream has taken events of this size. */
  | { readonly kind: 'taken'; readonly id: number; readonly sizeBytes: number }
  /** Wants a `pong`: a sign that the host's event loop turns. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'drain' };

/** From a host to the gateway. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'event'; readonly id: number; readonly event: unknown; readonly sizeBytes: number }
  | { readonly kind: 'return'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: WireError }
  /** What a model keeps in the host has changed. */
  | {
      readonly kind: 'kept';
      /** `name@version`. */
      readonly model: string;
      readonly sizeBytes: number;
    }
  /** A native call begins: until its end the host hears nothing. */
  | {
      readonly kind: 'native-begin';
      readonly call: CallKind;
      readonly estimateMs: number;
      /** `name@version`. */
      readonly model: string;
      readonly runId: string;
    }
  | {
      readonly kind: 'native-end';
      readonly call: CallKind;
      readonly model: string;
      readonly runId: string;
      readonly durationMs: number;
    };

/** An error as it travels. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details: ErrorDetails;
  /** For the log. */
  readonly stack: string | undefined;
}

export function wireError(error: unknown): WireError {
  if (error instanceof EngineError) {
    return { code: error.code, message: error.message, details: error.details, stack: error.stack };
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return { code: 'CANCELLED', message: 'the call was cancelled', details: {}, stack: undefined };
  }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  return { code: 'INTERNAL', message, details: {}, stack };
}

export function engineError({ code, message, details, stack }: WireError): EngineError {
  const known = ERROR_CODES.find((candidate): candidate is ErrorCode => candidate === code) ?? 'INTERNAL';
  const cause = stack === undefined ? undefined : new Error(`in the host: ${stack}`);
  return new EngineError(known, message, details, { cause });
}

/** What a host is started with. */
export interface HostOptions {
  /** What it is for: a host of the serve lane makes no gradients. */
  readonly role: 'serve' | 'attack';
  /** Priority that it takes before its first session: 0 as usual, 19 lowest. */
  readonly nice: number;
  readonly threads: number;
  readonly allowSpinning: boolean;
  readonly memoryBudgetBytes: number;
  /** Share of the steps of attacks and probes that probes get at least, above 0 and at most 1. */
  readonly probeShare: number;
  /** Most examples of different callers that one prediction computes. */
  readonly predictBatch: number;
  /** Bytes of events that a run may be ahead of its reader. */
  readonly streamBytes: number;
}
