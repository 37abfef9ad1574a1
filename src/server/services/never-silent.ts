import { setTimeout as pause } from 'node:timers/promises';

/** Readers are told of runs at least every 10 seconds; so is this, with some room. */
export const MAX_SILENCE_MS = 8000;

/** Stands where nothing was said for long. */
export const SILENCE: unique symbol = Symbol('silence');

/**
 * What a generator yields, and `SILENCE` whenever it yields nothing for `silenceMs`.
 *
 * A consumer must not leave at a `SILENCE`: the generator can only be told to end between two of its own events.
 */
export async function* neverSilent<T>(
  events: AsyncGenerator<T, void, void>,
  silenceMs: number,
): AsyncGenerator<T | typeof SILENCE, void, void> {
  try {
    for (;;) {
      const next = events.next();
      while ((await firstOf(next, silenceMs)) === SILENCE) yield SILENCE;
      const { done, value } = await next;
      if (done) return;
      yield value;
    }
  } finally {
    await events.return();
  }
}

/** What comes first: the end of `work`, or `SILENCE` when time is up or the signal aborted. */
export async function firstOf<T>(work: Promise<T>, ms: number, ended?: AbortSignal): Promise<T | typeof SILENCE> {
  const over = new AbortController();
  const signal = ended === undefined ? over.signal : AbortSignal.any([ended, over.signal]);
  try {
    return await Promise.race([
      work,
      pause(ms, undefined, { signal }).then(
        (): typeof SILENCE => SILENCE,
        (): typeof SILENCE => SILENCE,
      ),
    ]);
  } finally {
    over.abort();
  }
}
