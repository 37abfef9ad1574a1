import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openCursor } from '../../../src/cli/relay/cursor.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function setUp(t: ExecutionContext) {
  const path = join(await temporaryFolder(t), 'relay.json');
  const told: string[] = [];
  const open = (probe: string | null = null) => openCursor(path, probe, (text) => told.push(text));
  return { path, told, open };
}

const probeRun = { sequence: 7, runId: 'a' };

test('what was saved is there when it is opened again', async (t) => {
  const { open, told } = await setUp(t);
  const first = await open();
  t.deepEqual(first.state, { version: 1, probe: null, runs: {} });
  await first.save({ probeRun });
  await first.save({ runs: { b: 3, c: 'ended' } });
  const state = { version: 1, probe: null, probeRun, runs: { b: 3, c: 'ended' } } as const;
  t.deepEqual(first.state, state);
  t.deepEqual((await open()).state, state);
  t.deepEqual(told, []);
});

test('saves at the same time end with the last', async (t) => {
  const { open } = await setUp(t);
  const cursor = await open();
  await Promise.all(Array.from({ length: 20 }, (_, sequence) => cursor.save({ probeRun: { sequence, runId: 'a' } })));
  t.is((await open()).state.probeRun?.sequence, 19);
});

test('a write that was torn leaves the cursor before it', async (t) => {
  const { open, path, told } = await setUp(t);
  await (await open()).save({ probeRun });
  await writeFile(`${path}.tmp`, '{"version":1,"probe":null,"probeR');
  const cursor = await open();
  t.deepEqual(cursor.state.probeRun, probeRun);
  await cursor.save({ probeRun: { sequence: 8, runId: 'b' } });
  t.is((await open()).state.probeRun?.sequence, 8);
  t.deepEqual(told, []);
});

for (const [what, text] of [
  ['half of one', '{"version":1,"probe":null,"probeR'],
  ['an empty one', ''],
  ['one of another shape', '{"version":1,"probe":null,"runs":{"a":-1}}'],
] as const) {
  test(`a cursor file that is ${what} is told, and begun anew`, async (t) => {
    const { open, path, told } = await setUp(t);
    await writeFile(path, text);
    t.is((await open()).state.probeRun, undefined);
    t.regex(told[0] ?? '', /is no cursor, or not a whole one: beginning with the oldest that is kept$/);
    t.deepEqual(JSON.parse(await readFile(path, 'utf8')), { version: 1, probe: null, runs: {} });
  });
}

test('a cursor of another probe, of a later version, or without a folder is refused', async (t) => {
  const { open, path } = await setUp(t);
  await (await open('nightly')).save({ probeRun });
  await t.throwsAsync(open(), { message: /expected a cursor of all probes in .*, got one of the probe nightly/ });
  t.deepEqual((await open('nightly')).state.probeRun, probeRun);
  await writeFile(path, '{"version":2}');
  await t.throwsAsync(open(), { message: /expected a cursor of version 1 in .*, got version 2/ });
  const nowhere = openCursor(join(path, 'none'), null, () => undefined);
  await t.throwsAsync(nowhere, { name: 'UsageError', message: /expected a file that can be (read|written) in / });
});
