import type { SqlRow, SqlValue } from '../store/database.js';

export type RunKindName = 'attack' | 'gradient-norm';
export type RunStateName = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';

/** What is known of a run when it is admitted. */
export interface NewRun {
  readonly id: string;
  readonly kind: RunKindName;
  readonly modelName: string;
  readonly modelVersion: string;
  readonly modelSha256: string;
  readonly specText: string;
  readonly principal: string;
  /** Of its request; `undefined` where it gave none. */
  readonly requestId: string | undefined;
  /** Tells requests under one id apart; with `requestId`. */
  readonly requestDigest: string | undefined;
  readonly isDetached: boolean;
  readonly isKept: boolean;
  readonly examplesTotal: number;
  readonly state: 'queued' | 'running';
  /** Milliseconds since 1970, as all times here. */
  readonly createdMs: number;
}

/** A run as the store has it. */
export interface RunRow extends Omit<NewRun, 'isKept' | 'state'> {
  /** Larger than that of every run before. */
  readonly sequence: number;
  readonly state: RunStateName;
  /** Number of the contract's `TerminatedBy`. */
  readonly terminatedBy: number;
  readonly examplesDone: number;
  readonly startedMs: number | undefined;
  readonly finishedMs: number | undefined;
  readonly errorCode: string;
  readonly errorMessage: string;
  /** Whether its messages are stored, never were, or made room for others. */
  readonly results: 'kept' | 'none' | 'dropped';
  /** Messages that were stored. */
  readonly messageCount: number;
}

/** What changes of a run that is under way. */
export type RunChange = Partial<
  Pick<
    RunRow,
    'state' | 'terminatedBy' | 'examplesDone' | 'startedMs' | 'finishedMs' | 'errorCode' | 'errorMessage' | 'isDetached'
  >
>;

/** Columns of what may change. */
const COLUMNS: Readonly<Record<keyof RunChange, string>> = {
  state: 'state',
  terminatedBy: 'terminated_by',
  examplesDone: 'examples_done',
  startedMs: 'started_ms',
  finishedMs: 'finished_ms',
  errorCode: 'error_code',
  errorMessage: 'error_message',
  isDetached: 'is_detached',
};

/** Names of columns and their values, for the changes that there are. */
export const columnsOf = (change: RunChange): readonly (readonly [column: string, value: SqlValue])[] =>
  Object.entries(change).map(([name, value]) => [
    COLUMNS[name as keyof RunChange],
    typeof value === 'boolean' ? Number(value) : (value ?? null),
  ]);

const numberOf = (value: SqlValue | undefined): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

const textOf = (value: SqlValue | undefined): string | undefined =>
  value === null || value === undefined ? undefined : String(value);

/** A row of the table `runs`. */
export const runRow = (row: SqlRow): RunRow => ({
  sequence: Number(row['sequence']),
  id: String(row['id']),
  kind: row['kind'] as RunKindName,
  modelName: String(row['model_name']),
  modelVersion: String(row['model_version']),
  modelSha256: String(row['model_sha256']),
  specText: String(row['spec_text']),
  principal: String(row['principal']),
  requestId: textOf(row['request_id']),
  requestDigest: textOf(row['request_digest']),
  isDetached: row['is_detached'] === 1,
  state: row['state'] as RunStateName,
  terminatedBy: Number(row['terminated_by']),
  examplesDone: Number(row['examples_done']),
  examplesTotal: Number(row['examples_total']),
  createdMs: Number(row['created_ms']),
  startedMs: numberOf(row['started_ms']),
  finishedMs: numberOf(row['finished_ms']),
  errorCode: String(row['error_code']),
  errorMessage: String(row['error_message']),
  results: row['results'] as RunRow['results'],
  messageCount: Number(row['message_count']),
});
