import test from 'ava';
import { AttackResponse } from '../../../src/contract/robustgate/v1/attack.js';
import type { EngineError } from '../../../src/engine/index.js';
import { parseGatewayConfig } from '../../../src/server/config.js';
import { ActiveRun } from '../../../src/server/runs/active-run.js';
import { followRun, replayRun } from '../../../src/server/runs/follow-run.js';
import { ATTACK_CODEC } from '../../../src/server/runs/run-codec.js';
import { RunStore } from '../../../src/server/runs/run-store.js';
import { openDatabase } from '../../../src/server/store/database.js';
import { MIGRATIONS } from '../../../src/server/store/migrations/index.js';
import { storedRun } from '../../support/stored-runs.js';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

type Event = Parameters<typeof AttackResponse.fromPartial>[0]['event'];
const said = (event: Event, isProgress = false) => ({ message: AttackResponse.fromPartial({ event }), isProgress });
const progress = (step: number) => said({ $case: 'progress', value: { phase: 3, step } }, true);
const result = (exampleKey: string) => said({ $case: 'result', value: { exampleKey } });
const chunk = (exampleKey: string) => said({ $case: 'chunk', value: { exampleKey } });
const started = said({ $case: 'started', value: { runId: 'run' } });
const summary = said({ $case: 'summary', value: { terminatedBy: 1 } });

async function runOf() {
  const { history } = parseGatewayConfig({ modelRepository: '/models', history: { resultBytes: 1000 } });
  const database = await openDatabase(':memory:', MIGRATIONS);
  const store = new RunStore(database, history);
  const run = new ActiveRun({
    store,
    codec: ATTACK_CODEC,
    log: silent,
    now: () => 5,
    isKept: true,
    isDetached: true,
    requestDigest: undefined,
    stop: () => undefined,
  });
  run.admitted(storedRun('run', { state: 'queued' }));
  return { store, run, database };
}

const textOf = ({ event }: AttackResponse): string =>
  event?.$case === 'progress' ? `step ${event.value.step}` : `${event?.$case}`;

test('a follower has all that stays, in order, and only the newest progress', async (t) => {
  const { run } = await runOf();
  run.take(started);
  const follower = followRun(run, new AbortController().signal);
  const next = async () => {
    const { value } = await follower.next();
    return value === undefined ? 'end' : textOf(value.message);
  };
  t.is(await next(), 'started');
  for (let step = 1; step <= 5; step++) run.take(progress(step));
  t.is(await next(), 'step 5');
  run.take(progress(6));
  run.take(chunk('a'));
  t.is(run.messageCount, 1, 'a chunk is stored with its result');
  run.take(result('a'));
  t.is(run.messageCount, 3);
  t.deepEqual([await next(), await next()], ['chunk', 'result']);
  const waiting = next();
  run.take(summary);
  run.end();
  t.deepEqual([await waiting, await next()], ['summary', 'end']);
});

test('a follower who has gone waits no longer', async (t) => {
  const { run } = await runOf();
  const gone = new AbortController();
  const waiting = followRun(run, gone.signal).next();
  gone.abort(new Error('gone'));
  await t.throwsAsync(waiting, { message: 'gone' });
});

test('a summary and the end of its run are stored as one', async (t) => {
  const { run, store } = await runOf();
  run.take(started);
  t.is(store.get('run')?.state, 'queued');
  run.take(progress(1));
  t.like(store.get('run'), { state: 'running', startedMs: 5 });
  run.take(result('a'));
  run.take(summary);
  t.like(store.get('run'), { state: 'completed', terminatedBy: 1, examplesDone: 1, finishedMs: 5, messageCount: 3 });
  run.end(new Error('too late'));
  t.like(store.get('run'), { state: 'completed', errorCode: '' });
  t.throws(() => run.take(result('b')));
});

test('what is stored no longer is not told as if it had never been', async (t) => {
  const { run, store, database } = await runOf();
  for (const message of [started, result('a'), summary]) run.take(message);
  run.end();
  const row = store.get('run');
  if (row === undefined) return t.fail();
  const replay = replayRun(row, store, ATTACK_CODEC);
  t.is(textOf((await replay.next()).value?.message as AttackResponse), 'started');
  database.run('DELETE FROM run_messages');
  t.is((await t.throwsAsync<EngineError>(replay.next()))?.code, 'RESULTS_NOT_KEPT');
  const follower = followRun(run, new AbortController().signal);
  t.is((await t.throwsAsync<EngineError>(follower.next()))?.code, 'RESULTS_NOT_KEPT');
});
