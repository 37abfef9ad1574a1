// Histories of every released schema, as dumps in test/fixtures/history: each must come up to date with what it holds.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseGatewayConfig } from '../../../src/server/config.js';
import { RunStore } from '../../../src/server/runs/run-store.js';
import { type Database, openDatabase } from '../../../src/server/store/database.js';
import { MIGRATIONS } from '../../../src/server/store/migrations/index.js';
import { root } from '../../support/street.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const dumps = join(root, 'test/fixtures/history');

const schemaOf = (database: Database) =>
  database.all("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name");

for (const dump of readdirSync(dumps)) {
  test(`a history of ${dump} comes up to date with all that it holds`, async (t) => {
    const path = join(await temporaryFolder(t), 'history.db');
    const version = Number.parseInt(dump.slice(1), 10);
    const later = Array.from({ length: version - 1 }, () => 'SELECT 1');
    (await openDatabase(path, [readFileSync(join(dumps, dump), 'utf8'), ...later])).close();

    const database = await openDatabase(path, MIGRATIONS);
    const fresh = await openDatabase(':memory:', MIGRATIONS);
    t.deepEqual(schemaOf(database), schemaOf(fresh));
    const { history } = parseGatewayConfig({ modelRepository: '/models' });
    const store = new RunStore(database, history);
    t.deepEqual(
      store.list({}, 10).map(({ id, state, requestId, messageCount }) => [id, state, requestId, messageCount]),
      [
        ['gateway-0.00000000-0000-4000-8000-000000000002', 'failed', undefined, 0],
        ['gateway-0.00000000-0000-4000-8000-000000000001', 'completed', 'nightly', 2],
      ],
    );
    t.deepEqual(Buffer.from(store.message(1, 1) ?? []), Buffer.from([1, 2, 255]));
    database.close();
    fresh.close();
  });
}
