import type { CallKind, RunContext } from './served-model.js';

/**
 * Part of a run's time, and the least and the most of it, that stays free for what cannot be foreseen; and how many times as
 * long as the request took to come here: on a busy machine, whatever goes from process to process waits at every one.
 */
const SAFETY = { share: 0.1, leastMs: 100, mostMs: 3000, transits: 4 };

/** Rough speed of a run before anything was measured, in multiplications of a forward pass per millisecond. */
const FIRST_GUESS = 2e7;

/**
 * What a run knows of its own speed. Every native call goes through it, so that it can tell whether another step still
 * leaves the time to verify and send all results.
 */
export class Pace {
  readonly #context: RunContext;
  readonly #startMs: number;
  readonly #millis = new Map<CallKind, number>();
  readonly #multiplyAdds: number;
  /** Time to judge one example's outputs once. */
  #scoreMs = 0;

  /** @param multiplyAdds of a forward pass of one native call */
  constructor(context: RunContext, multiplyAdds: number) {
    this.#context = context;
    this.#startMs = context.now();
    this.#multiplyAdds = multiplyAdds;
  }

  get elapsedSeconds(): number {
    return (this.#context.now() - this.#startMs) / 1000;
  }

  /** Expected duration of a call: the longest of its kind so far. */
  estimateMs(kind: CallKind): number {
    const passes = kind === 'step' ? 3 : 1;
    return this.#millis.get(kind) ?? (kind === 'compile' ? 10_000 : (passes * this.#multiplyAdds) / FIRST_GUESS + 10);
  }

  /** Runs a native call when it is its turn. */
  async call<T>(kind: CallKind, run: () => Promise<T>): Promise<T> {
    const { gate, signal, now } = this.#context;
    return await gate.run(kind, this.estimateMs(kind), signal, async () => {
      const start = now();
      const result = await run();
      const millis = now() - start;
      // Slow calls count at once, fast ones slowly: an estimate that is too short misses a deadline.
      const known = this.#millis.get(kind);
      this.#millis.set(kind, known === undefined ? millis : Math.max(millis, 0.8 * known + 0.2 * millis));
      return result;
    });
  }

  /** Judges the outputs of so many examples, and remembers how long one took. */
  scoring<T>(examples: number, score: () => T): T {
    const start = this.#context.now();
    const result = score();
    this.#scoreMs = Math.max(this.#scoreMs, (this.#context.now() - start) / examples);
    return result;
  }

  /**
   * Whether the run must end now: another step would leave too little time for the rest.
   *
   * @param left what is still to be verified
   */
  stopReason(left: Unverified): 'deadline' | 'drain' | undefined {
    const { drain, deadlineMs, transitMs, now, gate } = this.#context;
    if (drain.aborted) return 'drain';
    if (deadlineMs === undefined) return undefined;
    const share = SAFETY.share * (deadlineMs - this.#startMs);
    const reserve = Math.min(Math.max(share, SAFETY.leastMs), SAFETY.mostMs) + SAFETY.transits * transitMs;
    const step = this.estimateMs('step') * gate.sharing;
    const verify = this.estimateMs('verify') * left.calls * gate.sharing;
    const score = (SCORINGS * this.#scoreMs + left.elements * ENCODE_MS_PER_ELEMENT) * left.examples;
    return now() + step + verify + score + reserve > deadlineMs ? 'deadline' : undefined;
  }
}

/** What a run owes before it may end. */
export interface Unverified {
  /** Native calls. */
  readonly calls: number;
  readonly examples: number;
  /** Input elements of each example. */
  readonly elements: number;
}

/** Outputs are judged in floating point and in 8 bits; a little more is for what is done with them. */
const SCORINGS = 2.5;

/** Packing and sending an image, in milliseconds per element: a PNG of 25 000 takes 2 or 3. */
const ENCODE_MS_PER_ELEMENT = 1.5e-4;
