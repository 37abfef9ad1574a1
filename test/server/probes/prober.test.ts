import test, { type ExecutionContext } from 'ava';
import { EngineError } from '../../../src/engine/index.js';
import { probeConfigSchema } from '../../../src/server/probes/probe-config.js';
import { type ProbeHistory, probeHistory } from '../../../src/server/probes/probe-history.js';
import type { FollowedTask, PerformTask } from '../../../src/server/probes/probe-queue.js';
import type { ProbeVerdict } from '../../../src/server/probes/probe-run.js';
import { Prober } from '../../../src/server/probes/prober.js';
import type { VersionState, VersionStatus } from '../../../src/server/repository/repository.js';
import { openDatabase } from '../../../src/server/store/database.js';
import { MIGRATIONS } from '../../../src/server/store/migrations/index.js';
import { finishedRun, probed } from '../../support/finished-runs.js';
import { aborted, gate } from '../../support/gate.js';
import { handClock } from '../../support/hand-clock.js';
import { toyInfo } from '../../support/toy-hosts.js';

const HOUR = 3_600_000;
/** 1 January 2026, 00:30. */
const START = Date.UTC(2026, 0, 1, 0, 30);

const version = (name: string, number: string, state: VersionState = 'serving'): VersionStatus => ({
  name,
  version: number,
  state,
  reason: '',
  info: toyInfo({ name, version: number }),
  isUnloaded: false,
});

async function emptyHistory(t: ExecutionContext): Promise<ProbeHistory> {
  const database = await openDatabase(':memory:', MIGRATIONS);
  t.teardown(() => database.close());
  return probeHistory(database, { maxAgeMs: 1e12, maxRuns: 1000 });
}

interface World {
  readonly history?: ProbeHistory;
  readonly versions?: VersionStatus[];
  readonly verdict?: (model: string, version: string) => ProbeVerdict;
  /** What a run waits for before it ends. */
  readonly hold?: (signal: AbortSignal) => Promise<void>;
  readonly startMs?: number;
}

/** A prober of the hourly probe `p` of the model `toy`, whose runs take no time. */
async function proberOf(t: ExecutionContext, probes: readonly object[], world: World = {}) {
  const history = world.history ?? (await emptyHistory(t));
  const versions = world.versions ?? [version('toy', '1')];
  const clock = handClock(world.startMs ?? START);
  const [finished, told, reconsidered, logged]: [string[], string[], string[], string[]] = [[], [], [], []];
  const write = (_: object, message: string) => void logged.push(message);
  let count = history.after({}, 0, 1000).length;
  const perform: PerformTask = async ({ runId, probe, model, version: number, trigger }, signal) => {
    await world.hold?.(signal);
    signal.throwIfAborted();
    const { run, ...rest } = finishedRun(runId, {
      probe: probe.name,
      trigger,
      model: probed(number, model),
      startedMs: clock.now(),
      verdict: world.verdict?.(model, number) ?? 'ok',
      message: 'so it is',
    });
    return history.append({ run, ...rest });
  };
  const prober = new Prober({
    probes: probes.map((probe) =>
      probeConfigSchema.parse({ name: 'p', schedule: '0 * * * *', model: 'toy', dataset: 'scenes', ...probe }),
    ),
    history,
    repository: { versions, reconsider: (name) => void reconsidered.push(name) },
    perform,
    clock,
    log: { debug: write, info: write, warn: write, error: write },
    newRunId: () => `run ${++count}`,
    observer: {
      scheduled: (_, models, nextMs) =>
        void told.push(`${models} ${nextMs === undefined ? '' : (nextMs - START) / HOUR}`),
      loaded: () => undefined,
      started: ({ runId }) => void told.push(`begin ${runId}`),
      ended: ({ runId }) => void told.push(`end ${runId}`),
      recorded: ({ probe, model, trigger }) => void finished.push(`${probe} ${model.name}@${model.version} ${trigger}`),
    },
  });
  t.teardown(() => prober.close(new EngineError('DRAINING', 'expected a gateway, got none')));
  /** Waits until nothing runs. */
  const idle = async (): Promise<void> => {
    while (prober.status.some(({ tasks }) => tasks.length > 0)) await new Promise(setImmediate);
  };
  return { prober, history, versions, clock, finished, told, reconsidered, logged, idle };
}

const quiet = { onNewVersion: 'never' };

async function ended(followed: FollowedTask | undefined): Promise<FollowedTask['state'] | undefined> {
  while (followed?.state.phase === 'queued' || followed?.state.phase === 'running') await followed.moved();
  return followed?.state;
}

test('a probe runs when it is due, again and again', async (t) => {
  const { prober, clock, finished, idle } = await proberOf(t, [quiet]);
  prober.start();
  t.is(prober.status[0]?.nextMs, START + HOUR / 2);
  clock.moveTo(START + HOUR / 2 - 1);
  t.deepEqual(prober.status[0]?.tasks, []);
  clock.moveTo(START + HOUR / 2);
  await idle();
  t.deepEqual(finished, ['p toy@1 schedule']);
  t.is(prober.status[0]?.nextMs, START + 1.5 * HOUR);
  t.is(prober.status[0]?.lastRuns[0]?.runId, 'run 1');
  clock.moveTo(START + 1.5 * HOUR);
  await idle();
  t.is(finished.length, 2);
});

test('a probe that is due while it still runs is skipped, and counted', async (t) => {
  const go = gate();
  const { prober, clock, finished, logged, idle } = await proberOf(t, [quiet], { hold: () => go.opened });
  prober.start();
  clock.moveTo(START + HOUR * 3);
  t.is(logged.filter((message) => message.includes('is skipped')).length, 2);
  t.is(prober.status[0]?.skipped, 2);
  t.is(prober.status[0]?.tasks.length, 1);
  go.open();
  await idle();
  t.is(finished.length, 1);
});

test('a machine that was suspended runs a probe once when it wakes', async (t) => {
  const { prober, clock, finished, idle } = await proberOf(t, [quiet]);
  prober.start();
  clock.wakeAt(START + HOUR * 10);
  await idle();
  t.is(finished.length, 1);
  t.is(prober.status[0]?.skipped, 0);
  t.is(prober.status[0]?.nextMs, START + HOUR * 10.5);
});

for (const [what, catchUp, lastMs, expected] of [
  ['one run makes up for all that was missed', 'once', START - 5 * HOUR, ['p toy@1 catch-up']],
  ['nothing makes up for it, where that is wanted', 'skip', START - 5 * HOUR, []],
  ['nothing was missed', 'once', START - HOUR / 4, []],
] as const) {
  test(`after downtime ${what}`, async (t) => {
    const history = await emptyHistory(t);
    history.configuredSince('p', START - 100 * HOUR);
    history.append(finishedRun('before', { probe: 'p', startedMs: lastMs }));
    const { prober, finished, idle } = await proberOf(t, [{ ...quiet, catchUp }], { history });
    prober.start();
    await idle();
    t.deepEqual(finished, [...expected]);
  });
}

test('a probe that is new has missed nothing, one that never came to run has', async (t) => {
  const first = await proberOf(t, [quiet]);
  first.prober.start();
  await first.prober.close(new EngineError('DRAINING', 'expected a gateway, got none'));
  const second = await proberOf(t, [quiet], { history: first.history, startMs: START + HOUR });
  second.prober.start();
  await second.idle();
  t.deepEqual([first.finished, second.finished], [[], ['p toy@1 catch-up']]);
});

test('labels find the models that serve', async (t) => {
  const labelled = (name: string, labels: Record<string, string>): VersionStatus => {
    const status = version(name, '1');
    return { ...status, info: { ...toyInfo(status), labels } };
  };
  const versions = [
    labelled('a', { team: 'x', tier: '1' }),
    labelled('b', { team: 'x' }),
    labelled('c', { team: 'x', tier: '1', more: 'yes' }),
    { ...labelled('d', { team: 'x', tier: '1' }), state: 'failed' as const },
  ];
  const probe = { ...quiet, model: undefined, modelLabels: { team: 'x', tier: '1' } };
  const { prober, clock, finished, idle } = await proberOf(t, [probe], { versions });
  t.deepEqual(prober.status[0]?.models, ['a', 'c']);
  prober.start();
  clock.moveTo(START + HOUR);
  await idle();
  t.deepEqual(finished, ['p a@1 schedule', 'p c@1 schedule']);
});

test('a model that is not there is probed all the same, for its absence to be seen', async (t) => {
  const { prober, clock, finished, idle } = await proberOf(t, [quiet], { versions: [] });
  prober.start();
  clock.moveTo(START + HOUR);
  await idle();
  t.deepEqual(finished, ['p toy@ schedule']);
});

test('what serves at the start is probed unless it was before, and so is what comes', async (t) => {
  const probe = { onNewVersion: 'after-traffic' };
  const world = await proberOf(t, [probe], { versions: [version('toy', '1', 'standby'), version('toy', '2')] });
  const { prober, versions, finished, idle, history } = world;
  prober.onVerified(toyInfo({ name: 'toy', version: '2' }));
  prober.start();
  await idle();
  t.deepEqual(finished, ['p toy@2 new-version']);
  versions.splice(0, 2, version('toy', '2', 'standby'), version('toy', '3'));
  prober.onVerified(toyInfo({ name: 'toy', version: '3' }));
  prober.onVerified(toyInfo({ name: 'toy', version: '1' }));
  await idle();
  t.deepEqual(finished.slice(1), ['p toy@3 new-version'], 'an old version that comes late takes no traffic');
  const again = await proberOf(t, [probe], { history, versions });
  again.prober.start();
  await again.idle();
  t.deepEqual(again.finished, []);
});

test('a new version is held until its probe was good, also after a restart', async (t) => {
  let verdict: ProbeVerdict = 'regression';
  const probe = { onNewVersion: 'before-traffic' };
  const first = await proberOf(t, [probe], { verdict: (_, number) => (number === '1' ? 'ok' : verdict) });
  const [one, two] = ['1', '2'].map((number) => toyInfo({ name: 'toy', version: number })) as [
    ReturnType<typeof toyInfo>,
    ReturnType<typeof toyInfo>,
  ];
  t.is(first.prober.holdReason(one), undefined, 'nothing served before it');
  first.prober.start();
  await first.idle();
  t.is(first.prober.holdReason(one), undefined);
  first.versions.push(version('toy', '2', 'standby'));
  t.is(first.prober.holdReason(two), 'takes no traffic before the probe p has run on it');
  first.reconsidered.splice(0);
  first.prober.onVerified(two);
  await first.idle();
  t.deepEqual(first.reconsidered, ['toy']);
  t.is(first.prober.holdReason(two), 'takes no traffic: the probe p ended as regression, so it is (run run 2)');
  await first.prober.close(new EngineError('DRAINING', 'expected a gateway, got none'));

  const second = await proberOf(t, [probe], {
    history: first.history,
    versions: first.versions,
    verdict: () => verdict,
  });
  t.regex(second.prober.holdReason(two) ?? '', /ended as regression/);
  t.regex(second.prober.holdReason({ ...two, version: '3' }) ?? '', /before the probe p has run/);
  second.prober.start();
  await second.idle();
  t.deepEqual(second.finished, [], 'its verdict is known');
  verdict = 'ok';
  t.like(await ended(second.prober.request('p', 'toy', '2')[0]), { phase: 'finished' });
  t.is(second.prober.holdReason(two), undefined);
  verdict = 'regression';
  await ended(second.prober.request('p', 'toy', '2')[0]);
  t.is(second.prober.holdReason(two), undefined, 'what was let in stays in');
  t.regex(second.prober.holdReason({ ...two, sha256: 'other bytes' }) ?? '', /before the probe p has run/);
});

test('a version whose probe failed gets another chance whenever the probe is due', async (t) => {
  let verdict: ProbeVerdict = 'failed';
  const world = await proberOf(t, [{ onNewVersion: 'before-traffic' }], {
    versions: [version('toy', '1'), version('toy', '2', 'standby')],
    verdict: (_, number) => (number === '1' ? 'ok' : verdict),
  });
  world.prober.start();
  await world.idle();
  world.finished.splice(0);
  verdict = 'suspect';
  world.clock.moveTo(START + HOUR);
  await world.idle();
  t.deepEqual(world.finished, ['p toy@1 schedule', 'p toy@2 schedule']);
  world.clock.moveTo(START + 2 * HOUR);
  await world.idle();
  t.is(world.finished.length, 3, 'one that was judged gets none');
});

test('who asks for a run joins the one that goes on, or waits for one of their own', async (t) => {
  const go = gate();
  const { prober, clock, finished } = await proberOf(t, [quiet], { hold: () => go.opened });
  prober.start();
  clock.moveTo(START + HOUR);
  const [joined] = prober.request('p', undefined, undefined);
  t.is(joined?.task.trigger, 'schedule');
  t.is(prober.request('p', 'toy', undefined)[0], joined);
  go.open();
  await ended(joined);
  const [own] = prober.request('p', undefined, undefined);
  t.is(own?.task.trigger, 'request');
  await ended(own);
  t.is(finished.length, 2);
});

for (const [what, args, code] of [
  ['an unknown probe', ['q', undefined, undefined], 'PROBE_NOT_FOUND'],
  ['a model that is not its own', ['p', 'other', undefined], 'MODEL_NOT_FOUND'],
  ['a version that there is not', ['p', 'toy', '9'], 'MODEL_NOT_FOUND'],
] as const) {
  test(`${what} cannot be asked for`, async (t) => {
    const { prober } = await proberOf(t, [quiet], { versions: [version('toy', '1'), version('other', '1')] });
    prober.start();
    t.throws(() => prober.request(args[0], args[1], args[2]), { instanceOf: EngineError, code });
  });
}

test('closing ends the run that goes on without a trace, wakes those who wait, and begins nothing any more', async (t) => {
  const { prober, clock, finished, history, told } = await proberOf(t, [quiet], { hold: aborted });
  prober.start();
  clock.moveTo(START + HOUR);
  const [task] = prober.request('p', undefined, undefined);
  const watching = prober.nextFinished(new AbortController().signal);
  await prober.close(new EngineError('DRAINING', 'expected a gateway, got none'));
  await watching;
  t.like(task?.state, { phase: 'dropped', error: { code: 'DRAINING' } });
  t.deepEqual([finished, history.after({}, 0, 9)], [[], []]);
  t.deepEqual(told, ['toy 0.5', 'begin run 1', 'toy 1.5', 'end run 1']);
  clock.moveTo(START + 5 * HOUR);
  t.throws(() => prober.request('p', undefined, undefined), { code: 'DRAINING' });
});

test('a run that cannot be committed is told to nobody but those who follow it', async (t) => {
  const { prober, finished, logged } = await proberOf(t, [quiet], {
    hold: async () => {
      throw new EngineError('STORE_UNAVAILABLE', 'expected room on the disk, got none');
    },
  });
  prober.start();
  const [task] = prober.request('p', undefined, undefined);
  t.like(await ended(task), { phase: 'dropped', error: { code: 'STORE_UNAVAILABLE' } });
  t.deepEqual(finished, []);
  t.true(logged.includes('the run of a probe is lost'));
});

test('those who watch are woken by each run that is committed, and leave when they are told to', async (t) => {
  const { prober } = await proberOf(t, [quiet]);
  prober.start();
  const watching = prober.nextFinished(new AbortController().signal);
  await ended(prober.request('p', undefined, undefined)[0]);
  await watching;
  const controller = new AbortController();
  const left = prober.nextFinished(controller.signal);
  controller.abort();
  await left;
  t.pass();
});
