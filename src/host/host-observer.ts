import type { CallKind } from '../engine/index.js';

/** A native call that has ended. */
export interface HostCall {
  /** `serve`, `attack` or `shared`. */
  readonly lane: string;
  readonly call: CallKind;
  /** `name@version`. */
  readonly model: string;
  /** Run that it was made for, if it was for one. */
  readonly runId: string;
  /** As the host measured it. */
  readonly durationMs: number;
}

/**
 * Why a host ended: native code or Node crashed, a native call or the process stood still, it left with a code, or something
 * outside killed it (also for want of memory).
 */
export const HOST_ENDS = ['crash', 'hang', 'exit', 'killed'] as const;
export type HostEnd = (typeof HOST_ENDS)[number];

/** Told of what happens to hosts. */
export interface HostObserver {
  callEnded(call: HostCall): void;
  /** A host ended by itself and is started again. */
  restarted(lane: string, reason: HostEnd): void;
  /** Attacks on a model, `name@version`, are refused from now on. */
  quarantined(lane: string, model: string): void;
}
