import { EngineError } from '../../engine/index.js';

/** A place among the runs, to be left in any case. */
export interface Place {
  leave(): void;
}

/** How a run that waits is told about it. */
export interface WaitEvents {
  /** Number of runs ahead. */
  onPosition(position: number): void;
}

interface Waiter {
  admit(): void;
  readonly onPosition: (position: number) => void;
}

/** Shortest pause after which another try makes sense when the queue is full, in milliseconds. */
const RETRY_AFTER_MS = 2000;

/** Lets so many runs in at a time; so many more wait in order; others are refused at once. */
export class Admission {
  readonly #runs: number;
  readonly #queueLength: number;
  readonly #waiting: Waiter[] = [];
  #running = 0;

  constructor(runs: number, queueLength: number) {
    this.#runs = runs;
    this.#queueLength = queueLength;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * A place, when there is one.
   *
   * @throws EngineError `QUEUE_FULL`. Thrown when as many wait as may.
   * @throws the signal's reason. Thrown when it is aborted before.
   */
  async enter(signal: AbortSignal, { onPosition }: WaitEvents): Promise<Place> {
    signal.throwIfAborted();
    if (this.#running < this.#runs && this.#waiting.length === 0) return this.#place();
    if (this.#waiting.length >= this.#queueLength) {
      throw new EngineError('QUEUE_FULL', `expected room among ${this.#queueLength} runs that wait, got none`, {
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    return await new Promise<Place>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        this.#tellPositions();
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        onPosition,
        admit: () => {
          signal.removeEventListener('abort', onAbort);
          resolve(this.#place());
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
      onPosition(this.#waiting.length);
    });
  }

  #place(): Place {
    this.#running++;
    let isHeld = true;
    return {
      leave: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#running--;
        const next = this.#running < this.#runs ? this.#waiting.shift() : undefined;
        next?.admit();
        this.#tellPositions();
      },
    };
  }

  #tellPositions(): void {
    for (const [i, { onPosition }] of this.#waiting.entries()) onPosition(i + 1);
  }
}
