import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { EngineError } from '../../../src/engine/index.js';
import { openDatabase } from '../../../src/server/store/database.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const TABLE = 'CREATE TABLE t (a INTEGER, b TEXT, c BLOB) STRICT';

test('values come back as they went: numbers, texts, bytes and nothing', async (t) => {
  const database = await openDatabase(':memory:', [TABLE]);
  const values = [2 ** 53 - 1, 'ä€😀', new Uint8Array([0, 255, 7])];
  t.is(database.run('INSERT INTO t VALUES (?, ?, ?)', values), 1);
  t.is(database.run('INSERT INTO t VALUES (?, ?, ?)', [null, null, null]), 1);
  const [first, second] = database.all('SELECT * FROM t');
  t.is(first?.['a'], values[0] as number);
  t.is(first?.['b'], values[1] as string);
  t.deepEqual(Buffer.from(first?.['c'] as Uint8Array), Buffer.from(values[2] as Uint8Array));
  t.deepEqual(second, { a: null, b: null, c: null });
  t.is(database.get('SELECT * FROM t WHERE a = 5'), undefined);
  t.is(database.run('UPDATE t SET a = 1'), 2);
  database.close();
});

test('a transaction that fails leaves nothing, and the next one works', async (t) => {
  const database = await openDatabase(':memory:', [TABLE]);
  const insert = () => database.run('INSERT INTO t (a) VALUES (1)');
  t.throws(
    () =>
      database.transaction(() => {
        insert();
        throw new Error('no');
      }),
    { message: 'no' },
  );
  t.is(database.get('SELECT count(*) AS n FROM t')?.['n'], 0);
  t.is(database.transaction(insert), 1);
  t.is(database.get('SELECT count(*) AS n FROM t')?.['n'], 1);
  database.close();
});

test('a transaction that SQLite itself has rolled back tells why', async (t) => {
  const database = await openDatabase(':memory:', [TABLE]);
  const work = () => database.run('INSERT OR ROLLBACK INTO t (a) VALUES (?)', ['no number']);
  const error = t.throws<EngineError>(() => database.transaction(work));
  t.is(error.code, 'STORE_UNAVAILABLE');
  t.regex(error.message, /cannot store TEXT value in INTEGER column/);
  database.close();
});

test('a file is in write-ahead mode, waits for the disk, and makes each migration once', async (t) => {
  const path = join(await temporaryFolder(t), 'a.db');
  const first = await openDatabase(path, [TABLE]);
  t.is(first.get('PRAGMA journal_mode')?.['journal_mode'], 'wal');
  t.is(first.get('PRAGMA synchronous')?.['synchronous'], 2);
  t.is(first.get('PRAGMA foreign_keys')?.['foreign_keys'], 1);
  first.close();
  const second = await openDatabase(path, [TABLE, 'ALTER TABLE t ADD COLUMN d INTEGER']);
  t.is(second.get('PRAGMA user_version')?.['user_version'], 2);
  second.run('INSERT INTO t (d) VALUES (4)');
  second.close();
});

test('a migration that fails leaves the version before, whole', async (t) => {
  const path = join(await temporaryFolder(t), 'a.db');
  const broken = 'CREATE TABLE u (a INTEGER); CREATE TABLE t (a INTEGER)';
  const error = await t.throwsAsync<EngineError>(openDatabase(path, [TABLE, broken]));
  t.is(error?.code, 'STORE_UNAVAILABLE');
  const database = await openDatabase(path, [TABLE]);
  t.is(database.get('PRAGMA user_version')?.['user_version'], 1);
  t.is(database.get("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'u'")?.['n'], 0);
  database.close();
});

test('what does not wait for the disk is there all the same, and the next one waits again', async (t) => {
  const path = join(await temporaryFolder(t), 'a.db');
  const database = await openDatabase(path, [TABLE]);
  const level = () => database.get('PRAGMA synchronous')?.['synchronous'];
  const [written, during] = database.unhurried(() => [database.run('INSERT INTO t (a) VALUES (1)'), level()]);
  t.deepEqual([written, during, level()], [1, 1, 2]);
  t.throws(() => database.unhurried(() => database.run('nonsense')));
  t.is(level(), 2);
  const other = await openDatabase(path, [TABLE]);
  t.is(other.get('SELECT count(*) AS n FROM t')?.['n'], 1);
  other.close();
  database.close();
});

test('a file of a later robustgate, and one that is no database, are refused', async (t) => {
  const folder = await temporaryFolder(t);
  const later = join(folder, 'later.db');
  (await openDatabase(later, [TABLE, 'CREATE TABLE u (a INTEGER)'])).close();
  const error = await t.throwsAsync<EngineError>(openDatabase(later, [TABLE]));
  t.is(error?.code, 'STORE_UNAVAILABLE');
  t.regex(error?.message ?? '', /version 1 or less .*, got 2, of a later robustgate/);
  const text = join(folder, 'text.db');
  await writeFile(text, 'this is no database, but a text that is long enough to be taken for one'.repeat(20));
  t.is((await t.throwsAsync<EngineError>(openDatabase(text, [TABLE])))?.code, 'STORE_UNAVAILABLE');
});
