// What is left of a history whose process was killed in the middle of anything.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type GatewayConfig, parseGatewayConfig } from '../../src/server/config.js';
import { RunStore } from '../../src/server/runs/run-store.js';
import type { Database } from '../../src/server/store/database.js';
import { openStore } from '../../src/server/store/open-store.js';
import { messageOf, PARTS } from '../support/stored-runs.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const WRITER = fileURLToPath(new URL('../support/history-writer.js', import.meta.url));
const KILLS = 24;
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

interface Acknowledged {
  readonly id: string;
  readonly messages: number;
  readonly state?: string;
}

/** Lets a writer acknowledge so many things, kills it a moment later, and gives all that it had acknowledged by then. */
async function killedWriter(path: string, prefix: string, count: number, spins: number): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [WRITER, path, prefix], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  const isOver = Promise.all([once(child, 'exit'), once(reader, 'close')]);
  reader.on('line', (line) => {
    lines.push(line);
    if (lines.length !== count) return;
    // Not at once, so that it dies at any point between two lines, not always right after one.
    const end = performance.now() + spins / 10;
    while (performance.now() < end);
    child.kill('SIGKILL');
  });
  await isOver;
  return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as Acknowledged);
}

function check(database: Database, config: GatewayConfig, acknowledged: readonly Acknowledged[]): string[] {
  const store = new RunStore(database, config.history);
  const wrong: string[] = [];
  if (database.get('PRAGMA integrity_check')?.['integrity_check'] !== 'ok') wrong.push('the file is damaged');
  for (const { id, messages, state } of acknowledged) {
    const row = store.get(id);
    if (row === undefined) wrong.push(`${id} is lost`);
    else if (row.messageCount < messages) wrong.push(`${id} lost ${messages - row.messageCount} messages`);
    else if (state !== undefined && row.state !== state) wrong.push(`${id} is ${row.state}, not ${state}`);
  }
  for (const row of store.list({}, 1e6)) {
    const isWhole = row.messageCount % PARTS === 0 && (row.state === 'completed') === (row.messageCount === 3 * PARTS);
    if (!isWhole) wrong.push(`${row.id} is half-written: ${row.state} with ${row.messageCount} messages`);
    for (let i = 0; i <= row.messageCount; i++) {
      const expected = i < row.messageCount ? Buffer.from(messageOf(row.id, i)).toString('hex') : undefined;
      const message = store.message(row.sequence, i);
      if (expected !== (message && Buffer.from(message).toString('hex')))
        wrong.push(`${row.id} has a wrong message ${i}`);
    }
  }
  return wrong;
}

test(`a history whose writer is killed ${KILLS} times has all that was acknowledged, and nothing by halves`, async (t) => {
  const path = join(await temporaryFolder(t), 'history.db');
  const config = parseGatewayConfig({ modelRepository: '/models', history: { path } });
  const acknowledged: Acknowledged[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    acknowledged.push(...(await killedWriter(path, `writer${kill}`, 1 + ((kill * 7) % 13), kill)));
    const database = await openStore(config, silent);
    t.deepEqual(check(database, config, acknowledged), [], `after kill ${kill}`);
    database.close();
  }
  t.true(acknowledged.length > KILLS);
  const database = await openStore(config, silent);
  const store = new RunStore(database, config.history);
  const underWay = store.list({ state: 'running' }, 1e6).length;
  t.is(store.recover(5), underWay);
  t.deepEqual(store.list({ state: 'running' }, 1e6), []);
  t.deepEqual(check(database, config, acknowledged), []);
  database.close();
});
