import { setTimeout as pause } from 'node:timers/promises';
import { quantile } from '../statistics.js';

/** What became of the calls of a load. Latencies in milliseconds, counted from when each call was due, not from when it left. */
export interface LoadReport {
  readonly sent: number;
  readonly succeeded: number;
  /** Failed calls by code. */
  readonly failed: ReadonlyMap<string, number>;
  /** Of those that succeeded. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Of those that failed: a refusal should be quick. */
  readonly failedP99: number;
  /** The longest time by which a call left later than it was due: a load generator that is late measures itself. */
  readonly lateMs: number;
}

export interface Load {
  readonly perSecond: number;
  readonly seconds: number;
  /** One call; what it throws is told by its `code`. */
  call(index: number): Promise<unknown>;
}

/**
 * Sends calls at a fixed rate, whether or not earlier ones have ended, and waits for all. A closed loop would send less as soon as the
 * server stalls, and so leave out the calls that would have waited longest (coordinated omission).
 */
export async function openLoop({ perSecond, seconds, call }: Load): Promise<LoadReport> {
  const count = Math.max(1, Math.round(perSecond * seconds));
  const start = performance.now();
  const succeeded: number[] = [];
  const refused: number[] = [];
  const failed = new Map<string, number>();
  let lateMs = 0;
  const one = async (index: number, dueMs: number): Promise<void> => {
    try {
      await call(index);
      succeeded.push(performance.now() - dueMs);
    } catch (error) {
      refused.push(performance.now() - dueMs);
      const code = String((error as { code?: unknown }).code ?? error);
      failed.set(code, (failed.get(code) ?? 0) + 1);
    }
  };
  const calls: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    const dueMs = start + (i * 1000) / perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await pause(waitMs);
    lateMs = Math.max(lateMs, performance.now() - dueMs);
    calls.push(one(i, dueMs));
  }
  await Promise.all(calls);
  return {
    sent: count,
    succeeded: succeeded.length,
    failed,
    p50: quantile(succeeded, 0.5),
    p99: quantile(succeeded, 0.99),
    p999: quantile(succeeded, 0.999),
    failedP99: quantile(refused, 0.99),
    lateMs,
  };
}
