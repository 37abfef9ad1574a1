import type { EngineError } from '../../engine/index.js';
import type { Principal } from '../security/principal.js';

/** What a handler knows of its call. */
export interface CallContext {
  /** Who calls. */
  readonly principal: Principal;
  /** Aborted when the client has gone, or the call was cut. */
  readonly signal: AbortSignal;
  /** Ends the call with an error. */
  readonly cut: (reason: EngineError) => void;
  /** When the client stops waiting, as `performance.now()`; `undefined` where it waits for ever. */
  readonly deadlineMs: number | undefined;
  /** W3C trace context, if the client sent one. */
  readonly traceParent: string | undefined;
  /** What the client sent of this name, if it is text; the first where there are several. */
  metadata(name: string): string | undefined;
}
