import { EngineError } from '../../engine/index.js';
import type { GatewayConfig } from '../config.js';
import type { Database, SqlValue } from '../store/database.js';
import { matching } from '../store/matching.js';
import { columnsOf, type NewRun, type RunChange, type RunRow, type RunStateName, runRow } from './run-row.js';

/** Which runs are listed. */
export interface RunFilter {
  readonly modelName?: string | undefined;
  readonly state?: RunStateName | undefined;
  readonly principal?: string | undefined;
  /** Only runs with a smaller sequence. */
  readonly before?: number | undefined;
}

const UNDER_WAY = "state IN ('queued', 'running')";

const DAY_MS = 24 * 3600 * 1000;

/**
 * Runs in the history. What a method has returned from is stored whole: of runs whose results are kept it is on disk, of others it outlives
 * this process, for they should not wait for a disk. All throw EngineError `STORE_UNAVAILABLE`.
 */
export class RunStore {
  readonly #database: Database;
  readonly #limits: GatewayConfig['history'];
  /** Of all messages. */
  #resultBytes: number;

  constructor(database: Database, limits: GatewayConfig['history']) {
    this.#database = database;
    this.#limits = limits;
    this.#resultBytes = this.#countBytes();
  }

  /** Adds a run; gives its sequence. */
  insert(run: NewRun): number {
    const startedMs = run.state === 'running' ? run.createdMs : null;
    const values: Readonly<Record<string, SqlValue>> = {
      id: run.id,
      kind: run.kind,
      model_name: run.modelName,
      model_version: run.modelVersion,
      model_sha256: run.modelSha256,
      spec_text: run.specText,
      principal: run.principal,
      request_id: run.requestId ?? null,
      request_digest: run.requestDigest ?? null,
      is_detached: Number(run.isDetached),
      state: run.state,
      examples_total: run.examplesTotal,
      created_ms: run.createdMs,
      started_ms: startedMs,
      results: run.isKept ? 'kept' : 'none',
    };
    const names = Object.keys(values);
    const sql = `INSERT INTO runs (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')}) RETURNING sequence`;
    const insert = (): number => Number(this.#database.get(sql, Object.values(values))?.['sequence']);
    return run.isKept ? insert() : this.#database.unhurried(insert);
  }

  /** Changes a run whose results are kept. */
  update(sequence: number, change: RunChange): void {
    this.#change(sequence, change);
  }

  /** Changes a run whose results are not kept. */
  updateUnhurried(sequence: number, change: RunChange): void {
    this.#database.unhurried(() => this.#change(sequence, change));
  }

  #change(sequence: number, change: RunChange): void {
    const columns = columnsOf(change);
    if (columns.length === 0) return;
    const set = columns.map(([name]) => `${name} = ?`).join(', ');
    this.#database.run(`UPDATE runs SET ${set} WHERE sequence = ?`, [...columns.map(([, value]) => value), sequence]);
  }

  /**
   * Stores the next messages of a run together with what they change, or nothing of it.
   *
   * @throws EngineError `STORE_FULL`. Thrown when they do not fit, though the results of all runs that have ended made room.
   */
  append(sequence: number, messages: readonly Uint8Array[], change: RunChange): void {
    const bytes = messages.reduce((sum, { length }) => sum + length, 0);
    const freed = this.#database.transaction(() => {
      const room = this.#makeRoom(bytes);
      const count = Number(
        this.#database.get('SELECT message_count FROM runs WHERE sequence = ?', [sequence])?.['message_count'],
      );
      for (const [i, message] of messages.entries()) {
        this.#database.run('INSERT INTO run_messages (run, position, message) VALUES (?, ?, ?)', [
          sequence,
          count + i,
          message,
        ]);
      }
      const sql = 'UPDATE runs SET message_count = ?, result_bytes = result_bytes + ? WHERE sequence = ?';
      this.#database.run(sql, [count + messages.length, bytes, sequence]);
      this.#change(sequence, change);
      return room;
    });
    this.#resultBytes += bytes - freed;
  }

  /** Drops the results of the oldest runs that have ended until so many bytes fit; gives the number of bytes dropped. */
  #makeRoom(bytes: number): number {
    const limit = this.#limits.resultBytes;
    if (this.#resultBytes + bytes <= limit) return 0;
    const ended = this.#database.all(
      `SELECT sequence, result_bytes FROM runs WHERE result_bytes > 0 AND NOT ${UNDER_WAY} ORDER BY sequence`,
    );
    let freed = 0;
    for (const { sequence = null, result_bytes: size } of ended) {
      if (this.#resultBytes - freed + bytes <= limit) break;
      this.#database.run('DELETE FROM run_messages WHERE run = ?', [sequence]);
      this.#database.run("UPDATE runs SET results = 'dropped', result_bytes = 0 WHERE sequence = ?", [sequence]);
      freed += Number(size);
    }
    if (this.#resultBytes - freed + bytes > limit) {
      const text = `expected results of at most ${limit} bytes in all, got ${this.#resultBytes - freed + bytes} of runs that go on`;
      throw new EngineError('STORE_FULL', text);
    }
    return freed;
  }

  /** A run by its id. */
  get(id: string): RunRow | undefined {
    const row = this.#database.get('SELECT * FROM runs WHERE id = ?', [id]);
    return row && runRow(row);
  }

  /** The newest run of a caller's request id. */
  findRequest(principal: string, requestId: string): RunRow | undefined {
    const sql = 'SELECT * FROM runs WHERE principal = ? AND request_id = ? ORDER BY sequence DESC LIMIT 1';
    const row = this.#database.get(sql, [principal, requestId]);
    return row && runRow(row);
  }

  /** The newest runs first. */
  list({ before = Number.MAX_SAFE_INTEGER, ...filter }: RunFilter, count: number): readonly RunRow[] {
    const { modelName, state, principal } = filter;
    const { where, values } = matching({ model_name: modelName, state, principal });
    const sql = `SELECT * FROM runs WHERE ${where} AND sequence < ? ORDER BY sequence DESC LIMIT ?`;
    return this.#database.all(sql, [...values, before, count]).map(runRow);
  }

  /** A stored message of a run, from 0 on; `undefined` where there is none, or not any more. */
  message(sequence: number, position: number): Uint8Array | undefined {
    const sql = 'SELECT message FROM run_messages WHERE run = ? AND position = ?';
    return this.#database.get(sql, [sequence, position])?.['message'] as Uint8Array | undefined;
  }

  /** Tells what a gateway that ended without a word left behind; gives the number of such runs. */
  recover(nowMs: number): number {
    const sql = `UPDATE runs SET state = 'failed', error_code = 'HOST_UNAVAILABLE', error_message = 'gateway restarted',
      finished_ms = ? WHERE ${UNDER_WAY}`;
    return this.#database.run(sql, [nowMs]);
  }

  /** Forgets runs that ended too long ago, or that are too many. */
  prune(nowMs: number): void {
    const { keepDays, keepRuns } = this.#limits;
    const forgotten = this.#database.transaction(() => {
      const old = this.#database.run('DELETE FROM runs WHERE finished_ms < ?', [Math.floor(nowMs - keepDays * DAY_MS)]);
      const tooMany = `DELETE FROM runs WHERE NOT ${UNDER_WAY}
        AND sequence <= (SELECT sequence FROM runs ORDER BY sequence DESC LIMIT 1 OFFSET ?)`;
      return old + this.#database.run(tooMany, [keepRuns]);
    });
    if (forgotten > 0) this.#resultBytes = this.#countBytes();
  }

  #countBytes(): number {
    return Number(this.#database.get('SELECT total(result_bytes) AS bytes FROM runs')?.['bytes']);
  }
}
