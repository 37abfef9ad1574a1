/** An event with what it takes in memory. */
export interface QueuedEvent {
  readonly event: unknown;
  readonly sizeBytes: number;
}

const isProgress = (event: unknown): boolean => (event as { type?: string }).type === 'progress';

/**
 * Events on their way to a reader that may be slow: of progress that nobody has read only the newest is kept, everything else
 * stays, in order.
 */
export class EventQueue {
  readonly #events: QueuedEvent[] = [];
  #wake: (() => void) | undefined;
  #end: { readonly error: Error | undefined } | undefined;

  push(event: unknown, sizeBytes: number): void {
    if (this.#end !== undefined) return;
    const last = this.#events.at(-1);
    if (isProgress(event) && last !== undefined && isProgress(last.event)) {
      // What was replaced counts as taken, together with what replaced it.
      this.#events[this.#events.length - 1] = { event, sizeBytes: last.sizeBytes + sizeBytes };
    } else {
      this.#events.push({ event, sizeBytes });
    }
    this.#wake?.();
  }

  /** No event comes any more. Those that are there are still given, unless there is an error. */
  end(error: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#wake?.();
  }

  /**
   * The next event, when it is there; `undefined` after the last.
   *
   * @throws the error that it ended with. Thrown when it ended with one, after the events that came before.
   */
  async take(): Promise<QueuedEvent | undefined> {
    for (;;) {
      const next = this.#events.shift();
      if (next !== undefined) return next;
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  /** Number of events that wait. */
  get length(): number {
    return this.#events.length;
  }
}
