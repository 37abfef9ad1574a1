import { Cron } from 'croner';
import { keyedRandom } from '../../engine/index.js';

/** When a probe is due, by the wall clock: milliseconds since 1970. */
export interface Schedule {
  /** The first time after `nowMs`; `undefined` where none comes any more. */
  next(nowMs: number): number | undefined;
  /** Whether there is a time after `sinceMs` and up to `nowMs`. */
  hasPassed(sinceMs: number, nowMs: number): boolean;
  /** The longest time between two of the next times, in milliseconds; 0 where no two come. */
  longestGapMs(nowMs: number): number;
}

/** Times that are looked at for gaps: those of a week, for one that runs every few hours. */
const LOOKED_AT = 50;

/** What decides a schedule. */
export interface ScheduleOptions {
  /** Cron, of five fields, or of six with seconds first; `@daily` and its like. */
  readonly expression: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Most that a probe is late on purpose, in seconds. */
  readonly jitterSeconds: number;
  /** Name of the probe: two probes of one schedule are late by different times, one probe always by the same. */
  readonly name: string;
}

/**
 * The times of a schedule. In the hour that a clock is put forward a time that does not exist comes an hour later, as croner has
 * it; in the hour that is there twice it comes once.
 */
export function scheduleOf({ expression, timeZone, jitterSeconds, name }: ScheduleOptions): Schedule {
  // Croner only counts: its own timers know one clock, and no jitter.
  const cron = new Cron(expression, { timezone: timeZone, paused: true, mode: '5-or-6-parts' });
  const lateMs = Math.floor(keyedRandom('jitter', 0, name, 0)() * jitterSeconds * 1000);
  const next = (nowMs: number): number | undefined => {
    const time = cron.nextRun(new Date(nowMs - lateMs))?.getTime();
    return time === undefined ? undefined : time + lateMs;
  };
  return {
    next,
    hasPassed(sinceMs, nowMs) {
      const first = next(sinceMs);
      return first !== undefined && first <= nowMs;
    },
    longestGapMs(nowMs) {
      const times = cron.nextRuns(LOOKED_AT, new Date(nowMs)).map((time) => time.getTime());
      return times.slice(1).reduce((longest, time, i) => Math.max(longest, time - (times[i] as number)), 0);
    },
  };
}

/** What is wrong with a cron expression, or `undefined`. */
export function cronProblem(expression: string): string | undefined {
  const wanted = 'expected a cron expression of 5 fields, or of 6 with seconds first';
  try {
    const cron = new Cron(expression, { timezone: 'UTC', paused: true, mode: '5-or-6-parts' });
    // A point in time is a pattern too for croner, but no schedule.
    if (cron.getPattern() === undefined) return `${wanted}, got ${expression}`;
    if (cron.nextRun() !== null) return undefined;
  } catch (error) {
    return `${wanted}, got ${expression}: ${error instanceof Error ? error.message : error}`;
  }
  return `expected a cron expression with a time that comes, got ${expression}`;
}

/** What is wrong with the name of a time zone, or `undefined`. */
export function timeZoneProblem(timeZone: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return undefined;
  } catch {
    return `expected the IANA name of a time zone such as Europe/Berlin, got ${timeZone}`;
  }
}
