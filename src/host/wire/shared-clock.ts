/**
 * What this process's `performance.now()` is to be added to, to be the same moment in all processes of this machine: Node's
 * clock, which never goes back, counts from one zero for all of them, but each process tells it from its own start.
 */
const START_MS = Number(process.hrtime.bigint() / 1000n) / 1000 - performance.now();

/** A moment of this process's `performance.now()`, as all processes of this machine tell it. In milliseconds. */
export const toSharedClock = (ownMs: number): number => START_MS + ownMs;

/** The reverse. */
export const fromSharedClock = (sharedMs: number): number => sharedMs - START_MS;
