import { RUNS } from './0001-runs.js';
import { PROBES } from './0002-probes.js';

/** Each takes the schema one version on. Those that were released are never changed: a later one mends them. */
export const MIGRATIONS: readonly string[] = [
  RUNS, // 1
  PROBES, // 2
];
