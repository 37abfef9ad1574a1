import { EngineError } from '../../engine/index.js';

type EndEvent = 'close' | 'cancelled';

/** What a writer needs of a gRPC call. */
export interface WritableCall<Message> {
  readonly destroyed: boolean;
  /** @param onTaken called once the network has taken the message; never, if the reader goes before */
  write(message: Message, onTaken: () => void): unknown;
  end(): void;
  once(event: EndEvent, listener: () => void): unknown;
  off(event: EndEvent, listener: () => void): unknown;
}

/**
 * Writes to a reader that may be slow: one message at a time, so that no more than that is buffered beyond what the network holds.
 * Of progress the newest waits here, everything else waits with its maker. A reader that is gone takes nothing and says nothing:
 * so waiting is raced with the ends of the call.
 */
export class StreamWriter<Message> {
  readonly #call: WritableCall<Message>;
  readonly #stallMs: number;
  readonly #signal: AbortSignal;
  #isBusy = false;
  #progress: Message | undefined;
  #wake: (() => void) | undefined;

  constructor(call: WritableCall<Message>, stallMs: number, signal: AbortSignal) {
    this.#call = call;
    this.#stallMs = stallMs;
    this.#signal = signal;
  }

  /** Writes progress as soon as the reader is ready; newer progress replaces it until then. */
  offerProgress(message: Message): void {
    this.#progress = message;
    if (!this.#isBusy) this.#writeProgress();
  }

  #writeProgress(): void {
    const message = this.#progress;
    this.#progress = undefined;
    if (message !== undefined && !this.#call.destroyed && !this.#signal.aborted) this.#begin(message);
  }

  #begin(message: Message): void {
    this.#isBusy = true;
    this.#call.write(message, () => {
      this.#isBusy = false;
      if (this.#wake !== undefined) this.#wake();
      else this.#writeProgress();
    });
  }

  /**
   * Writes a message that must arrive, after the progress that came before it; resolves when the next may be made.
   *
   * @throws EngineError `SLOW_READER`. Thrown when the reader takes nothing for too long.
   * @throws the signal's reason. Thrown when the reader is gone.
   */
  async write(message: Message): Promise<void> {
    await this.#whenReady();
    this.#writeProgress();
    await this.#whenReady();
    this.#begin(message);
  }

  async end(): Promise<void> {
    await this.#whenReady();
    this.#writeProgress();
    await this.#whenReady();
    this.#call.end();
  }

  /** Lets go of progress that waits. What were written once the call has ended would destroy it, and the reader would hear of no end. */
  abandon(): void {
    this.#progress = undefined;
  }

  async #whenReady(): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#isBusy) await this.#untilTaken();
    this.#signal.throwIfAborted();
    if (this.#call.destroyed) throw new EngineError('CANCELLED', 'expected a reader, but it is gone');
  }

  async #untilTaken(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let release = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        release = resolve;
        this.#wake = resolve;
        this.#signal.addEventListener('abort', release, { once: true });
        for (const event of ['close', 'cancelled'] as const) this.#call.once(event, release);
        timer = setTimeout(() => {
          const text = `expected a reader that takes a message within ${this.#stallMs / 1000} s, got one that does not`;
          reject(new EngineError('SLOW_READER', text));
        }, this.#stallMs);
      });
    } finally {
      clearTimeout(timer);
      this.#wake = undefined;
      this.#signal.removeEventListener('abort', release);
      for (const event of ['close', 'cancelled'] as const) this.#call.off(event, release);
    }
  }
}
