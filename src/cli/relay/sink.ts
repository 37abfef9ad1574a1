import type { CloudEvent } from './cloud-event.js';

/** Where events go. */
export interface EventSink {
  /** For people, without secrets, e.g. `https://example.org`. */
  readonly name: string;
  /**
   * Resolved when the other side has acknowledged the event: one try.
   *
   * @param signal ends the try
   * @throws SinkError. Thrown when it has not.
   */
  publish(event: CloudEvent, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface SinkErrorFacts {
  /** Whether another try would end the same. */
  readonly isPermanent: boolean;
  /** Time that the other side asks to be left alone, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** An event that was not acknowledged: it may have arrived all the same. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
  readonly isPermanent: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { isPermanent, retryAfterMs }: SinkErrorFacts, options?: ErrorOptions) {
    super(message, options);
    this.isPermanent = isPermanent;
    this.retryAfterMs = retryAfterMs;
  }
}
