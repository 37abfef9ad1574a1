import type { status } from '@grpc/grpc-js';

/** A call that has just come in. */
export interface IncomingCall {
  /** `robustgate.v1.RobustnessService/Predict`. */
  readonly method: string;
  /** W3C trace context, if the client sent one. */
  readonly traceParent: string | undefined;
  readonly traceState: string | undefined;
}

/** A call that somebody follows. */
export interface ObservedCall {
  /** Trace context for what is done for the call, if it has one. */
  readonly traceParent: string | undefined;
  /**
   * Says how the call ended.
   *
   * @param failure what ended it, if it failed
   */
  end(code: status, failure: unknown): void;
}

/** Told of every call of our own services. */
export interface CallObserver {
  begin(call: IncomingCall): ObservedCall;
}
