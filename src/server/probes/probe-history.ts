import { gunzipSync, gzipSync } from 'node:zlib';
import type { EvaluationIdentity, ExampleSums } from '../../engine/index.js';
import type { Database, SqlRow, SqlValue } from '../store/database.js';
import { type Condition, matching } from '../store/matching.js';
import type { ProbeRun, ProbeVerdict } from './probe-run.js';

/** A run that has just ended, before history has given it its number. */
export interface FinishedRun {
  readonly run: Omit<ProbeRun, 'sequence'>;
  /** Kept of the newest good run only, for the next one to be compared with; `undefined` where the run failed. */
  readonly pairs: ComparablePairs | undefined;
}

/** What two runs are compared by: of each example its sums, and what was done to it. */
export interface ComparablePairs {
  readonly identity: EvaluationIdentity;
  readonly examples: readonly ExampleSums[];
}

/** A version of a model, by its bytes. */
export type ProbedVersion = ProbeRun['model'];

/** Which runs are wanted; what is left out takes all. */
export interface RunFilter {
  readonly probe?: string | undefined;
  readonly model?: string | undefined;
  readonly verdict?: ProbeVerdict | undefined;
}

/** How long runs are kept. Those of `latest` stay whatever their age. */
export interface Retention {
  readonly maxAgeMs: number;
  readonly maxRuns: number;
}

/** Runs of probes on disk. What `append` returned from is there after any crash. */
export interface ProbeHistory {
  append(finished: FinishedRun): ProbeRun;
  get(runId: string): ProbeRun | undefined;
  /** The newest runs before a sequence number, the newest first. */
  newest(filter: RunFilter, beforeSequence: number, limit: number): readonly ProbeRun[];
  /** Runs after a sequence number, the oldest first. */
  after(filter: RunFilter, sequence: number, limit: number): readonly ProbeRun[];
  /** The last run of a probe on a model, whatever its version. */
  last(probe: string, model: string): ProbeRun | undefined;
  /** The last run of a probe on these very bytes under this version. */
  lastOf(probe: string, version: ProbedVersion): ProbeRun | undefined;
  /** Whether a run of a probe on these very bytes under this version was good. */
  wasGood(probe: string, version: ProbedVersion): boolean;
  /** The newest good run of a probe on the same model, whatever its version, with the same examples under the same attacks. */
  baseline(
    probe: string,
    identity: EvaluationIdentity,
  ): { readonly run: ProbeRun; readonly pairs: ComparablePairs } | undefined;
  /**
   * Of every probe and version the last run, the last good one, the last one with figures that can be trusted, and the last that is
   * suspect, the oldest first: what metrics are restored from.
   */
  latest(): readonly ProbeRun[];
  /** Since when a probe is configured; `nowMs` where it was not known. */
  configuredSince(probe: string, nowMs: number): number;
  /** Deletes what need not be kept; gives the number of runs. */
  prune(nowMs: number): number;
}

/** Verdicts by which the last run of a version is kept; the first is any. */
const KEPT_BY = ['TRUE', "verdict = 'ok'", "verdict IN ('ok', 'regression')", "verdict = 'suspect'"];

const LATEST = KEPT_BY.map(
  (condition) => `SELECT max(sequence) FROM probe_runs WHERE ${condition} GROUP BY probe, model, version`,
).join(' UNION ');

/** The history in a database that `MIGRATIONS` brought up to date. */
export function probeHistory(database: Database, retention: Retention): ProbeHistory {
  const all = (where: string, values: readonly SqlValue[]): readonly ProbeRun[] =>
    database.all(`SELECT sequence, run FROM probe_runs WHERE ${where}`, values).map(runOf);
  const first = (where: string, values: readonly SqlValue[]): ProbeRun | undefined =>
    all(`${where} LIMIT 1`, values)[0];
  return {
    append: (finished) => append(database, finished),
    get: (runId) => first('run_id = ?', [runId]),
    newest(filter, beforeSequence, limit) {
      const { where, values } = conditionOf(filter);
      return all(`${where} AND sequence < ? ORDER BY sequence DESC LIMIT ?`, [...values, beforeSequence, limit]);
    },
    after(filter, sequence, limit) {
      const { where, values } = conditionOf(filter);
      return all(`${where} AND sequence > ? ORDER BY sequence LIMIT ?`, [...values, sequence, limit]);
    },
    last: (probe, model) => first('probe = ? AND model = ? ORDER BY sequence DESC', [probe, model]),
    lastOf: (probe, { name, version, sha256 }) =>
      first(`${OF_VERSION} ORDER BY sequence DESC`, [probe, name, version, sha256]),
    wasGood: (probe, { name, version, sha256 }) =>
      first(`${OF_VERSION} AND verdict = 'ok'`, [probe, name, version, sha256]) !== undefined,
    baseline(probe, identity) {
      const row = database.get(
        `SELECT sequence, run, pairs FROM probe_runs WHERE probe = ? AND model = ? AND verdict = 'ok'
           AND comparable = ? AND pairs IS NOT NULL ORDER BY sequence DESC LIMIT 1`,
        [probe, identity.model.name, comparableOf(identity)],
      );
      return row && { run: runOf(row), pairs: pairsOf(row['pairs'] as Uint8Array) };
    },
    latest: () => all(`sequence IN (${LATEST}) ORDER BY sequence`, []),
    configuredSince(probe, nowMs) {
      database.run('INSERT INTO probes (name, configured_ms) VALUES (?, ?) ON CONFLICT DO NOTHING', [probe, nowMs]);
      return Number(database.get('SELECT configured_ms FROM probes WHERE name = ?', [probe])?.['configured_ms']);
    },
    prune: (nowMs) =>
      database.run(
        `DELETE FROM probe_runs WHERE sequence NOT IN (${LATEST}) AND (finished_ms < ?
           OR sequence <= (SELECT sequence FROM probe_runs ORDER BY sequence DESC LIMIT 1 OFFSET ?))`,
        [nowMs - retention.maxAgeMs, retention.maxRuns],
      ),
  };
}

const OF_VERSION = 'probe = ? AND model = ? AND version = ? AND sha256 = ?';

function append(database: Database, { run, pairs }: FinishedRun): ProbeRun {
  const { runId, probe, model, verdict, startedMs, finishedMs } = run;
  const isGood = verdict === 'ok';
  const comparable = pairs === undefined ? '' : comparableOf(pairs.identity);
  return database.transaction(() => {
    // Of runs that can be compared only the newest is compared with.
    if (isGood) {
      const older = [probe, model.name, comparable];
      database.run('UPDATE probe_runs SET pairs = NULL WHERE probe = ? AND model = ? AND comparable = ?', older);
    }
    const packed = isGood ? gzipSync(JSON.stringify(pairs ?? null)) : null;
    const version = [model.name, model.version, model.sha256];
    database.run(
      `INSERT INTO probe_runs
         (run_id, probe, model, version, sha256, verdict, started_ms, finished_ms, comparable, run, pairs)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [runId, probe, ...version, verdict, startedMs, finishedMs, comparable, JSON.stringify(run), packed],
    );
    const { sequence } = database.get('SELECT last_insert_rowid() AS sequence') as { sequence: number };
    return { ...run, sequence };
  });
}

/** What runs must have in common to be compared: all but the model. */
const comparableOf = ({ dataset, suite, seed, labelFree, limit }: EvaluationIdentity): string =>
  JSON.stringify([Object.entries(dataset).toSorted(), suite, seed, labelFree, limit]);

const conditionOf = ({ probe, model, verdict }: RunFilter): Condition => matching({ probe, model, verdict });

const runOf = (row: SqlRow): ProbeRun => ({
  ...(JSON.parse(String(row['run'])) as Omit<ProbeRun, 'sequence'>),
  sequence: Number(row['sequence']),
});

const pairsOf = (packed: Uint8Array): ComparablePairs => JSON.parse(gunzipSync(packed).toString());
