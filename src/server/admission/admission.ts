import { EngineError } from '../../engine/index.js';

/** A place among the runs, or in the queue for one; to be left in any case. */
export interface Ticket {
  /** Number of runs that must end before this one begins; 0 once it may run. */
  readonly position: number;
  /** Resolved when the position changes next. */
  moved(): Promise<void>;
  /** Gives the place to the next one. Once is enough, twice does no harm. */
  leave(): void;
}

/** Shortest pause after which another try makes sense when the queue is full, in milliseconds. */
const RETRY_AFTER_MS = 2000;

/** Lets so many runs in at a time; so many more wait in order; others are refused at once. */
export class Admission {
  /** How many may run at a time, and wait. */
  readonly places: number;
  readonly queueLength: number;
  /** Those that run, and then those that wait, in order. */
  readonly #tickets: QueuedTicket[] = [];

  constructor(places: number, queueLength: number) {
    this.places = places;
    this.queueLength = queueLength;
  }

  get running(): number {
    return Math.min(this.#tickets.length, this.places);
  }

  get waiting(): number {
    return this.#tickets.length - this.running;
  }

  /**
   * A place, or one in the queue.
   *
   * @throws EngineError `QUEUE_FULL`. Thrown when as many run and wait as may.
   */
  enter(): Ticket {
    if (this.#tickets.length >= this.places + this.queueLength) {
      const text = `expected at most ${this.places} calls that run and ${this.queueLength} that wait, got one more`;
      throw new EngineError('QUEUE_FULL', text, { retryAfterMs: RETRY_AFTER_MS });
    }
    const ticket = new QueuedTicket(() => this.#remove(ticket));
    this.#tickets.push(ticket);
    ticket.position = this.waiting;
    return ticket;
  }

  #remove(ticket: QueuedTicket): void {
    const index = this.#tickets.indexOf(ticket);
    if (index === -1) return;
    this.#tickets.splice(index, 1);
    for (const [i, other] of this.#tickets.entries()) other.moveTo(Math.max(0, i + 1 - this.places));
  }
}

class QueuedTicket implements Ticket {
  position = 0;
  readonly leave: () => void;
  #listeners: (() => void)[] = [];

  constructor(leave: () => void) {
    this.leave = leave;
  }

  moved(): Promise<void> {
    return new Promise((resolve) => this.#listeners.push(resolve));
  }

  moveTo(position: number): void {
    if (position === this.position) return;
    this.position = position;
    for (const tell of this.#listeners.splice(0)) tell();
  }
}
