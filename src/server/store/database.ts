import { EngineError } from '../../engine/index.js';

/** A value of a column. Whole numbers above 2⁵³ are not stored. */
export type SqlValue = string | number | null | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** An SQLite file. Every statement is synchronous; what `run` or `transaction` returned from is on disk. */
export interface Database {
  /** Runs a statement; gives the number of rows that it changed. */
  run(sql: string, values?: readonly SqlValue[]): number;
  get(sql: string, values?: readonly SqlValue[]): SqlRow | undefined;
  all(sql: string, values?: readonly SqlValue[]): readonly SqlRow[];
  /** All of `work`, or nothing of it. Must not be nested. */
  transaction<T>(work: () => T): T;
  /**
   * Does not wait for the disk: what `work` wrote outlives this process, but a power failure may take it until the next statement that
   * waits. Must not be nested.
   */
  unhurried<T>(work: () => T): T;
  close(): void;
}

/** What a statement is to this file, whatever library has made it. */
interface Statement {
  run(...values: readonly SqlValue[]): { readonly changes: number | bigint };
  get(...values: readonly SqlValue[]): unknown;
  all(...values: readonly SqlValue[]): unknown[];
}

interface Connection {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): unknown;
}

/** How long a statement waits for another process that writes, in milliseconds. */
const BUSY_MS = 5000;

/**
 * Opens a file, makes it where there is none, and brings its schema up to date.
 *
 * @param path of the file; `:memory:` for one that nobody keeps
 * @param migrations each takes the schema one version on, `PRAGMA user_version` says how many were made
 * @throws EngineError `STORE_UNAVAILABLE`. Thrown when the file cannot be opened, or a later robustgate made it.
 */
export async function openDatabase(path: string, migrations: readonly string[]): Promise<Database> {
  const connection = await connect(path);
  try {
    connection.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON;`);
    migrate(connection, path, migrations);
  } catch (error) {
    connection.close();
    throw error instanceof EngineError ? error : unavailable(path, error);
  }
  return databaseOf(connection, path);
}

/** Node's own SQLite where it has one without a flag, else libsql. */
async function connect(path: string): Promise<Connection> {
  try {
    const { DatabaseSync } = await nodeSqlite();
    return new DatabaseSync(path);
  } catch (error) {
    if (!isMissing(error)) throw unavailable(path, error);
  }
  try {
    const { default: Libsql } = (await import(LIBSQL)) as { default: new (path: string) => Connection };
    return new Libsql(path);
  } catch (error) {
    if (!isMissing(error)) throw unavailable(path, error);
    const text = 'expected Node 22.13 or later, or the package libsql: npm install libsql';
    throw new EngineError('STORE_UNAVAILABLE', text, {}, { cause: error });
  }
}

/** Not literals, for the types of one are only in later Nodes, and the other's name a default that is not there. */
const NODE_SQLITE: string = 'node:sqlite';
const LIBSQL: string = 'libsql';

async function nodeSqlite(): Promise<{ readonly DatabaseSync: new (path: string) => Connection }> {
  return await import(NODE_SQLITE);
}

function isMissing(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'ERR_UNKNOWN_BUILTIN_MODULE' || code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}

const unavailable = (path: string, cause: unknown): EngineError =>
  new EngineError('STORE_UNAVAILABLE', `expected to use the history in ${path}, got: ${cause}`, {}, { cause });

function migrate(connection: Connection, path: string, migrations: readonly string[]): void {
  const made = Number((connection.prepare('PRAGMA user_version').get() as { user_version: number }).user_version);
  if (made > migrations.length) {
    const text = `expected a history of version ${migrations.length} or less in ${path}, got ${made}, of a later robustgate`;
    throw new EngineError('STORE_UNAVAILABLE', text);
  }
  for (const [i, sql] of migrations.slice(made).entries()) {
    connection.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${made + i + 1}; COMMIT;`);
  }
}

function databaseOf(connection: Connection, path: string): Database {
  const statements = new Map<string, Statement>();
  const prepare = (sql: string): Statement => {
    const known = statements.get(sql) ?? connection.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  const told = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw error instanceof EngineError ? error : unavailable(path, error);
    }
  };
  return {
    run: (sql, values = []) => told(() => Number(prepare(sql).run(...values).changes)),
    get: (sql, values = []) =>
      told(() => {
        const row = prepare(sql).get(...values);
        return row === undefined || row === null ? undefined : rowOf(row);
      }),
    all: (sql, values = []) =>
      told(() =>
        prepare(sql)
          .all(...values)
          .map(rowOf),
      ),
    transaction(work) {
      told(() => connection.exec('BEGIN IMMEDIATE'));
      try {
        const value = work();
        told(() => connection.exec('COMMIT'));
        return value;
      } catch (error) {
        try {
          connection.exec('ROLLBACK');
        } catch {
          // SQLite has rolled back by itself, as it does when the disk is full.
        }
        throw error;
      }
    },
    unhurried(work) {
      told(() => connection.exec('PRAGMA synchronous = NORMAL'));
      try {
        return work();
      } finally {
        told(() => connection.exec('PRAGMA synchronous = FULL'));
      }
    },
    close: () => connection.close(),
  };
}

/** libsql gives bytes as an ArrayBuffer, and adds a measurement of its own. */
function rowOf(row: unknown): SqlRow {
  const columns = Object.entries(row as Record<string, SqlValue | ArrayBuffer>).filter(
    ([name]) => name !== '_metadata',
  );
  return Object.fromEntries(
    columns.map(([name, value]) => [name, value instanceof ArrayBuffer ? new Uint8Array(value) : value]),
  );
}
