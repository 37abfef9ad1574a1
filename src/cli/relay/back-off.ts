import { setTimeout as pause } from 'node:timers/promises';

/** What waiting takes of the world. */
export interface Pace {
  /** A number from 0 on, below 1. */
  readonly random: () => number;
  /** Resolved after some milliseconds; rejected when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Chance and time as they are. */
export const REAL_PACE: Pace = {
  random: Math.random,
  sleep: async (milliseconds, signal) => {
    await pause(milliseconds, undefined, { signal });
  },
};

const FIRST_MS = 500;
const LONGEST_MS = 60_000;
/** Nobody who names a time to wait makes us wait longer. */
const LONGEST_ASKED_MS = 3_600_000;

/**
 * Time to wait before another try, in milliseconds: 0.5 s, doubled with each failure up to a minute, of which a random part of up to
 * a half is taken off, so that many who lost the same server do not come back together.
 *
 * @param failures tries that failed one after the other: at least 1
 * @param random from 0 on, below 1
 * @param askedMs what the other side asks for: waited at least, up to an hour
 */
export function backOffMs(failures: number, random: number, askedMs = 0): number {
  const wholeMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.max(wholeMs * (1 - random / 2), Math.min(askedMs, LONGEST_ASKED_MS));
}
