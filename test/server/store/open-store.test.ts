import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { EngineError } from '../../../src/engine/index.js';
import { parseGatewayConfig } from '../../../src/server/config.js';
import { openStore } from '../../../src/server/store/open-store.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const logged: string[] = [];
const note = (_: object, message: string) => void logged.push(message);
const log = { debug: note, info: note, warn: note, error: note };
const configOf = (change: object) => parseGatewayConfig({ modelRepository: '/models', ...change });

test.serial('the history is in the state directory, which is made, and stays there', async (t) => {
  const stateDirectory = join(await temporaryFolder(t), 'deep/state');
  const config = configOf({ stateDirectory });
  t.is(config.history.path, join(stateDirectory, 'history.db'));
  const first = await openStore(config, log);
  first.run('CREATE TABLE mine (a INTEGER)');
  first.close();
  const second = await openStore(config, log);
  t.is(second.get('SELECT count(*) AS n FROM mine')?.['n'], 0);
  second.close();
  t.deepEqual(logged.splice(0), []);
});

test.serial('without a place the history is in memory, and a note says so', async (t) => {
  const config = configOf({});
  const database = await openStore(config, log);
  t.is(database.get('SELECT count(*) AS n FROM runs')?.['n'], 0);
  database.close();
  t.regex(logged.splice(0).join('\n'), /^history is kept in memory .* stateDirectory/);
});

test.serial('a folder that cannot be is an error that says which', async (t) => {
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  const error = await t.throwsAsync<EngineError>(openStore(configOf({ stateDirectory: file }), log));
  t.is(error?.code, 'STORE_UNAVAILABLE');
  t.true(error?.message.includes(file));
});
