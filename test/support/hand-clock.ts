import type { WallClock } from '../../src/server/probes/wall-clock.js';

/** A clock that a test moves on. */
export interface HandClock extends WallClock {
  /** Moves to a time, and does what is due until then, in order, each at its own time. */
  moveTo(timeMs: number): void;
  /** As a machine that was suspended: nothing is done until it wakes, at that time. */
  wakeAt(timeMs: number): void;
}

export function handClock(startMs = 0): HandClock {
  let now = startMs;
  const due = new Set<{ readonly timeMs: number; readonly action: () => void }>();
  const takeFirst = (untilMs: number) => {
    const [first] = [...due].filter(({ timeMs }) => timeMs <= untilMs).toSorted((a, b) => a.timeMs - b.timeMs);
    if (first !== undefined) due.delete(first);
    return first;
  };
  return {
    now: () => now,
    at(timeMs, action) {
      const entry = { timeMs, action };
      due.add(entry);
      return () => void due.delete(entry);
    },
    moveTo(timeMs) {
      for (let next = takeFirst(timeMs); next !== undefined; next = takeFirst(timeMs)) {
        now = Math.max(now, next.timeMs);
        next.action();
      }
      now = timeMs;
    },
    wakeAt(timeMs) {
      now = timeMs;
      this.moveTo(timeMs);
    },
  };
}
