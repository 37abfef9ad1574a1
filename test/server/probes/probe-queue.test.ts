import test from 'ava';
import { EngineError } from '../../../src/engine/index.js';
import type { ProbeConfig } from '../../../src/server/probes/probe-config.js';
import {
  type FollowedTask,
  type PerformTask,
  ProbeQueue,
  type ProbeTask,
} from '../../../src/server/probes/probe-queue.js';
import type { ProbeTrigger } from '../../../src/server/probes/probe-run.js';
import { finishedRun } from '../../support/finished-runs.js';
import { aborted, type Gate, gate } from '../../support/gate.js';

const task = (name: string, version = '1', trigger: ProbeTrigger = 'schedule'): ProbeTask => ({
  runId: `${name} ${version}`,
  probe: { name } as ProbeConfig,
  model: 'toy',
  version,
  trigger,
});

/** A queue whose tasks end when the test says so. */
function gatedQueue() {
  const begun: string[] = [];
  const gates = new Map<string, Gate>();
  const gateOf = (runId: string): Gate => {
    const known = gates.get(runId) ?? gate();
    gates.set(runId, known);
    return known;
  };
  const perform: PerformTask = async ({ runId }, signal, tell) => {
    begun.push(runId);
    tell({ attack: 0, attacks: 1, spec: '', examplesDone: 1, examplesTotal: 2, etaSeconds: undefined });
    await Promise.race([gateOf(runId).opened, aborted(signal)]);
    signal.throwIfAborted();
    if (runId.startsWith('broken')) throw new Error('it breaks');
    return { ...finishedRun(runId).run, sequence: begun.length };
  };
  return { queue: new ProbeQueue(perform), begun, finish: (runId: string) => gateOf(runId).open() };
}

async function ended(followed: FollowedTask): Promise<FollowedTask['state']> {
  while (followed.state.phase === 'queued' || followed.state.phase === 'running') await followed.moved();
  return followed.state;
}

test('one task runs at a time, the others wait in order and know their place', async (t) => {
  const { queue, begun, finish } = gatedQueue();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => queue.add(task(name))) as [FollowedTask, FollowedTask, FollowedTask];
  t.deepEqual(begun, ['a 1']);
  t.like(a.state, { phase: 'running', progress: { examplesDone: 1, examplesTotal: 2 } });
  t.deepEqual(
    [b.state, c.state],
    [
      { phase: 'queued', position: 1 },
      { phase: 'queued', position: 2 },
    ],
  );
  finish('a 1');
  t.like(await ended(a), { phase: 'finished', run: { runId: 'a 1' } });
  t.deepEqual(begun, ['a 1', 'b 1']);
  t.deepEqual(c.state, { phase: 'queued', position: 1 });
  finish('b 1');
  finish('c 1');
  await ended(c);
  t.deepEqual(begun, ['a 1', 'b 1', 'c 1']);
  t.is(queue.tasks.length, 0);
});

test('new versions go before what waits, in their order, but not before what runs', async (t) => {
  const { queue, begun, finish } = gatedQueue();
  const all = [task('a'), task('b'), task('n', '2', 'new-version'), task('c'), task('m', '2', 'new-version')].map(
    (each) => {
      finish(each.runId);
      return queue.add(each);
    },
  );
  for (const each of all) await ended(each);
  t.deepEqual(begun, ['a 1', 'n 2', 'm 2', 'b 1', 'c 1']);
});

test('a task that runs or waits is found by probe, model and version', async (t) => {
  const { queue, finish } = gatedQueue();
  const running = queue.add(task('a'));
  const waiting = queue.add(task('b'));
  t.is(queue.find(task('a')), running);
  t.is(queue.find(task('b', '1', 'request')), waiting);
  t.is(queue.find(task('a', '2')), undefined);
  t.is(queue.find({ ...task('a'), model: 'other' }), undefined);
  finish('a 1');
  await ended(running);
  t.is(queue.find(task('a')), undefined);
});

test('a task that breaks is dropped with its error, and the next one runs', async (t) => {
  const { queue, finish } = gatedQueue();
  const broken = queue.add(task('broken'));
  const next = queue.add(task('a'));
  finish('broken 1');
  finish('a 1');
  t.like(await ended(broken), { phase: 'dropped', error: { message: 'it breaks' } });
  t.is((await ended(next)).phase, 'finished');
});

test('closing ends what runs, drops what waits, and takes nothing any more', async (t) => {
  const { queue, begun } = gatedQueue();
  const [running, waiting] = [queue.add(task('a')), queue.add(task('b'))];
  const reason = new EngineError('DRAINING', 'expected a gateway, got none');
  await queue.close(reason);
  t.deepEqual(
    [await ended(running), await ended(waiting)],
    [
      { phase: 'dropped', error: reason },
      { phase: 'dropped', error: reason },
    ],
  );
  t.deepEqual(begun, ['a 1']);
  t.throws(() => queue.add(task('c')), { is: reason });
});
