import test from 'ava';
import type { EngineError } from '../../../src/engine/index.js';
import { parseGatewayConfig } from '../../../src/server/config.js';
import { RunStore } from '../../../src/server/runs/run-store.js';
import { openDatabase } from '../../../src/server/store/database.js';
import { MIGRATIONS } from '../../../src/server/store/migrations/index.js';
import { storedRun } from '../../support/stored-runs.js';

const DAY_MS = 24 * 3600 * 1000;

async function storeOf(history: object = {}) {
  const database = await openDatabase(':memory:', MIGRATIONS);
  const config = parseGatewayConfig({ modelRepository: '/models', history });
  return { database, store: new RunStore(database, config.history) };
}

const bytes = (count: number, value = 1): Uint8Array => new Uint8Array(count).fill(value);
const done = { state: 'completed', finishedMs: 2000 } as const;

test('a run comes back as it was stored, and so does what changed of it', async (t) => {
  const { store } = await storeOf();
  const run = storedRun('a', { requestId: 'r', requestDigest: 'd', state: 'queued', principal: 'me' });
  const sequence = store.insert(run);
  const { isKept: _, ...same } = run;
  const expected = {
    ...same,
    sequence,
    terminatedBy: 0,
    examplesDone: 0,
    startedMs: undefined,
    finishedMs: undefined,
    errorCode: '',
    errorMessage: '',
    results: 'kept',
    messageCount: 0,
  } as const;
  t.deepEqual(store.get('a'), expected);
  store.update(sequence, { state: 'running', startedMs: 1500, isDetached: false });
  store.append(sequence, [bytes(1), bytes(2)], { examplesDone: 1 });
  store.append(sequence, [bytes(3)], { ...done, terminatedBy: 3, errorCode: 'X', errorMessage: 'x' });
  const changed = {
    state: 'completed',
    startedMs: 1500,
    finishedMs: 2000,
    terminatedBy: 3,
    isDetached: false,
  } as const;
  t.deepEqual(store.get('a'), {
    ...expected,
    ...changed,
    examplesDone: 1,
    errorCode: 'X',
    errorMessage: 'x',
    messageCount: 3,
  });
  t.deepEqual(
    [0, 1, 2, 3].map((position) => store.message(sequence, position)?.length),
    [1, 2, 3, undefined],
  );
  t.is(store.get('b'), undefined);
});

test('of a request id the newest run of that caller counts', async (t) => {
  const { store } = await storeOf();
  for (const [id, principal, requestId] of [
    ['a', 'me', 'r'],
    ['b', 'me', 'r'],
    ['c', 'you', 'r'],
    ['d', 'me', 's'],
  ] as const) {
    store.insert(storedRun(id, { principal, requestId, requestDigest: 'd' }));
  }
  t.is(store.findRequest('me', 'r')?.id, 'b');
  t.is(store.findRequest('you', 'r')?.id, 'c');
  t.is(store.findRequest('you', 's'), undefined);
});

test('runs are listed from the newest on, with any filters', async (t) => {
  const { store } = await storeOf();
  const sequences = ['a', 'b', 'c', 'd'].map((id, i) =>
    store.insert(storedRun(id, { modelName: i % 2 === 0 ? 'even' : 'odd', state: i < 2 ? 'queued' : 'running' })),
  );
  const ids = (...given: Parameters<typeof store.list>) => store.list(...given).map(({ id }) => id);
  t.deepEqual(ids({}, 10), ['d', 'c', 'b', 'a']);
  t.deepEqual(ids({}, 2), ['d', 'c']);
  t.deepEqual(ids({ before: sequences[2] }, 10), ['b', 'a']);
  t.deepEqual(ids({ modelName: 'even' }, 10), ['c', 'a']);
  t.deepEqual(ids({ modelName: 'even', state: 'queued', before: sequences[3] }, 10), ['a']);
});

test('runs that a gateway left behind failed when the next one starts', async (t) => {
  const { store } = await storeOf();
  store.insert(storedRun('queued', { state: 'queued' }));
  store.insert(storedRun('running'));
  store.update(store.insert(storedRun('ended')), done);
  t.is(store.recover(7000), 2);
  for (const id of ['queued', 'running']) {
    t.like(store.get(id), {
      state: 'failed',
      errorCode: 'HOST_UNAVAILABLE',
      errorMessage: 'gateway restarted',
      finishedMs: 7000,
    });
  }
  t.like(store.get('ended'), { state: 'completed', errorCode: '', finishedMs: 2000 });
  t.is(store.recover(8000), 0);
});

test('runs that ended too long ago are forgotten, with their messages, and those that go on are not', async (t) => {
  const { store, database } = await storeOf({ keepDays: 2 });
  const old = store.insert(storedRun('old'));
  store.append(old, [bytes(5)], done);
  store.update(store.insert(storedRun('young')), { state: 'failed', finishedMs: 2001 });
  store.insert(storedRun('long'));
  store.prune(2000 + 2 * DAY_MS);
  t.truthy(store.get('old'), 'it is exactly so old');
  store.prune(2001 + 2 * DAY_MS);
  t.is(store.get('old'), undefined);
  t.is(database.get('SELECT count(*) AS n FROM run_messages')?.['n'], 0);
  t.truthy(store.get('young'));
  t.truthy(store.get('long'));
});

test('of more runs than are kept the oldest are forgotten, but for those that go on', async (t) => {
  const { store } = await storeOf({ keepRuns: 2, keepDays: 1e6 });
  store.insert(storedRun('going'));
  for (const id of ['a', 'b', 'c']) store.update(store.insert(storedRun(id)), done);
  store.prune(3000);
  t.deepEqual(
    store.list({}, 10).map(({ id }) => id),
    ['c', 'b', 'going'],
  );
});

test('results of the oldest ended runs make room, and the runs stay', async (t) => {
  const { store, database } = await storeOf({ resultBytes: 100 });
  const [a, b, c] = ['a', 'b', 'c'].map((id) => store.insert(storedRun(id))) as [number, number, number];
  store.append(a, [bytes(40)], done);
  store.append(b, [bytes(20), bytes(20)], done);
  store.append(c, [bytes(20)], {});
  t.is(store.message(a, 0)?.length, 40, 'exactly all that may be is there');
  store.append(c, [bytes(1)], {});
  t.like(store.get('a'), { results: 'dropped', state: 'completed', messageCount: 1 });
  t.is(store.message(a, 0), undefined);
  t.is(store.message(b, 1)?.length, 20, 'the first made enough room');
  t.is(new RunStore(database, { path: '', keepDays: 1, keepRuns: 1, resultBytes: 61 }).get('b')?.results, 'kept');
  store.append(c, [bytes(39)], {});
  t.is(store.get('b')?.results, 'kept');
  const error = t.throws<EngineError>(() => store.append(c, [bytes(41)], { examplesDone: 9 }));
  t.is(error.code, 'STORE_FULL');
  t.regex(error.message, /at most 100 bytes in all, got 101/);
  t.like(store.get('b'), { results: 'kept' }, 'nothing was dropped for what does not fit');
  t.like(store.get('c'), { messageCount: 3, examplesDone: 0 });
  store.append(c, [bytes(40)], {});
  t.is(store.get('b')?.results, 'dropped');
});

test('the bytes of what is forgotten are free again, and those of a file that is opened again are counted', async (t) => {
  const { store, database } = await storeOf({ resultBytes: 100, keepDays: 1 });
  store.append(store.insert(storedRun('a')), [bytes(90)], done);
  store.prune(2001 + DAY_MS);
  const b = store.insert(storedRun('b'));
  store.append(b, [bytes(95)], {});
  const again = new RunStore(database, { path: '', keepDays: 1, keepRuns: 9, resultBytes: 100 });
  t.is(t.throws<EngineError>(() => again.append(b, [bytes(6)], {})).code, 'STORE_FULL');
  again.append(b, [bytes(5)], {});
  t.is(again.get('b')?.messageCount, 2);
});
