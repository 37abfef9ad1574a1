import type { EngineError } from '../../engine/index.js';

/** What a handler knows of its call. */
export interface CallContext {
  /** Aborted when the client has gone, or the call was cut. */
  readonly signal: AbortSignal;
  /** Ends the call with an error. */
  readonly cut: (reason: EngineError) => void;
  /** Who calls; empty as long as nobody has to prove who they are. */
  readonly principal: string;
  /** When the client stops waiting, as `performance.now()`; `undefined` where it waits for ever. */
  readonly deadlineMs: number | undefined;
  /** W3C trace context, if the client sent one. */
  readonly traceParent: string | undefined;
}
