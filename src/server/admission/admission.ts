import { EngineError } from '../../engine/index.js';
import { Changes } from '../changes.js';

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

/**
 * Lets so many runs in at a time; so many more wait; others are refused at once. Those that wait take turns between principals: the
 * next is the one whose principal runs and waits least before it, so that nobody's hundred calls keep another's first one waiting.
 */
export class Admission {
  /** How many may run at a time, and wait. */
  readonly places: number;
  readonly queueLength: number;
  readonly #running = new Set<QueuedTicket>();
  /** In the order in which they came. */
  readonly #waiting: QueuedTicket[] = [];
  /** The turn in which each principal that is here was let in last. */
  readonly #lastServed = new Map<string, number>();
  #turn = 0;

  constructor(places: number, queueLength: number) {
    this.places = places;
    this.queueLength = queueLength;
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * A place, or one in the queue.
   *
   * @param principal whose call it is; empty where nobody is known
   * @throws EngineError `QUEUE_FULL`. Thrown when as many run and wait as may.
   */
  enter(principal = ''): Ticket {
    if (this.#running.size + this.#waiting.length >= this.places + this.queueLength) {
      const text = `expected at most ${this.places} calls that run and ${this.queueLength} that wait, got one more`;
      throw new EngineError('QUEUE_FULL', text, { retryAfterMs: RETRY_AFTER_MS });
    }
    const ticket = new QueuedTicket(principal, () => this.#remove(ticket));
    this.#waiting.push(ticket);
    this.#advance();
    return ticket;
  }

  #remove(ticket: QueuedTicket): void {
    const index = this.#waiting.indexOf(ticket);
    if (index !== -1) this.#waiting.splice(index, 1);
    else if (!this.#running.delete(ticket)) return;
    this.#forget(ticket.principal);
    this.#advance();
  }

  /** Lets in whoever may, and tells the others their places. */
  #advance(): void {
    while (this.#running.size < this.places) {
      const [next] = this.#inTurn();
      if (next === undefined) break;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#running.add(next);
      this.#lastServed.set(next.principal, ++this.#turn);
      next.moveTo(0);
    }
    for (const [i, ticket] of this.#inTurn().entries()) ticket.moveTo(i + 1);
  }

  /** Those that wait, the next first: as if nobody else came, and each run that ends made room for the next. */
  #inTurn(): readonly QueuedTicket[] {
    const taken = new Map<string, number>();
    const served = new Map(this.#lastServed);
    const take = ({ principal }: QueuedTicket): void => void taken.set(principal, (taken.get(principal) ?? 0) + 1);
    for (const ticket of this.#running) take(ticket);
    const left = [...this.#waiting];
    const order: QueuedTicket[] = [];
    while (left.length > 0) {
      const isBefore = (a: QueuedTicket, b: QueuedTicket): boolean => {
        const [takenA, takenB] = [taken.get(a.principal) ?? 0, taken.get(b.principal) ?? 0];
        return (
          takenA < takenB || (takenA === takenB && (served.get(a.principal) ?? 0) < (served.get(b.principal) ?? 0))
        );
      };
      const next = left.reduce((first, other) => (isBefore(other, first) ? other : first));
      left.splice(left.indexOf(next), 1);
      take(next);
      served.set(next.principal, this.#turn + order.length + 1);
      order.push(next);
    }
    return order;
  }

  #forget(principal: string): void {
    const isPresent = [...this.#running, ...this.#waiting].some((ticket) => ticket.principal === principal);
    if (!isPresent) this.#lastServed.delete(principal);
  }
}

class QueuedTicket implements Ticket {
  position = 0;
  readonly principal: string;
  readonly leave: () => void;
  readonly #changes = new Changes();

  constructor(principal: string, leave: () => void) {
    this.principal = principal;
    this.leave = leave;
  }

  moved(): Promise<void> {
    return this.#changes.next();
  }

  moveTo(position: number): void {
    if (position === this.position) return;
    this.position = position;
    this.#changes.tell();
  }
}
