import type { EngineError } from '../../engine/index.js';

/** A call that is being answered. */
export interface OpenCall {
  /** Aborted when the gateway cuts the call off; the reason is the error that the client gets. */
  readonly cut: AbortSignal;
  /** Cuts this call off. */
  end(reason: EngineError): void;
  /** Says that the call is over. Once is enough, twice does no harm. */
  close(): void;
}

/** The calls of our own service that are being answered now: what a drain waits for. */
export class OpenCalls {
  readonly #cuts = new Set<AbortController>();
  #idle: (() => void)[] = [];

  get count(): number {
    return this.#cuts.size;
  }

  open(): OpenCall {
    const cut = new AbortController();
    this.#cuts.add(cut);
    return {
      cut: cut.signal,
      end: (reason) => cut.abort(reason),
      close: () => {
        this.#cuts.delete(cut);
        if (this.#cuts.size === 0) for (const tell of this.#idle.splice(0)) tell();
      },
    };
  }

  /** Resolved when no call is open. */
  async whenNone(): Promise<void> {
    if (this.#cuts.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Ends every call with an error. */
  cut(reason: EngineError): void {
    for (const cut of this.#cuts) cut.abort(reason);
  }
}
