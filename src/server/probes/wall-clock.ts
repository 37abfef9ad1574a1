/** The time of day, and what is to be done at one. */
export interface WallClock {
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Does something once, at a time or as soon after it as may be.
   *
   * @returns takes it back
   */
  at(timeMs: number, action: () => void): () => void;
}

/** Longest sleep: a machine that was suspended, or whose clock was set, notices within so long. */
const MAX_SLEEP_MS = 30_000;

/** The clock of this machine. It does not keep the process alive. */
export const systemClock: WallClock = {
  now: () => Date.now(),
  at(timeMs, action) {
    let timer: NodeJS.Timeout | undefined;
    const sleep = (): void => {
      const leftMs = Math.max(0, timeMs - Date.now());
      timer = setTimeout(leftMs > 0 ? sleep : action, Math.min(leftMs, MAX_SLEEP_MS));
      timer.unref();
    };
    sleep();
    return () => clearTimeout(timer);
  },
};
