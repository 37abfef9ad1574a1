import { RUNS } from './0001-runs.js';

/** Each takes the schema one version on. Those that were released are never changed: a later one mends them. */
export const MIGRATIONS: readonly string[] = [
  RUNS, // 1
];
