import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type ProbeHistory, probeHistory, type Retention } from '../../../src/server/probes/probe-history.js';
import { openDatabase } from '../../../src/server/store/database.js';
import { MIGRATIONS } from '../../../src/server/store/migrations/index.js';
import { finishedRun, identityOf, probed } from '../../support/finished-runs.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function historyOf(
  t: ExecutionContext,
  retention: Partial<Retention> = {},
  path = ':memory:',
): Promise<ProbeHistory> {
  const database = await openDatabase(path, MIGRATIONS);
  t.teardown(() => database.close());
  return probeHistory(database, { maxAgeMs: 1e6, maxRuns: 1000, ...retention });
}

const idsOf = (runs: readonly { readonly runId: string }[]): string => runs.map(({ runId }) => runId).join(' ');

test('runs are numbered in the order in which they ended, and read back as they were', async (t) => {
  const history = await historyOf(t);
  const gradients = { tasks: [{ task: 'depth', meanL2: 0.5 }], theorem1Factor: 0.7 };
  const first = history.append(finishedRun('a', { gradients, doubts: [{ reason: 'R', message: 'because' }] }));
  const second = history.append(finishedRun('b'));
  t.true(second.sequence > first.sequence);
  t.deepEqual(history.get('a'), first);
  t.like(first, { runId: 'a', gradients, doubts: [{ reason: 'R' }] });
  t.is(history.get('c'), undefined);
});

test('a run is there when the file is opened again, and no number comes twice', async (t) => {
  const path = join(await temporaryFolder(t), 'history.db');
  const database = await openDatabase(path, MIGRATIONS);
  const before = probeHistory(database, { maxAgeMs: 0, maxRuns: 1000 });
  before.append(finishedRun('a'));
  const { sequence } = before.append(finishedRun('b', { verdict: 'failed', model: probed('2') }));
  database.run("DELETE FROM probe_runs WHERE run_id = 'b'");
  database.close();
  const after = await historyOf(t, {}, path);
  t.is(after.get('a')?.runId, 'a');
  t.true(after.append(finishedRun('c')).sequence > sequence);
});

test('runs are found by probe, model and verdict, from either end', async (t) => {
  const history = await historyOf(t);
  history.append(finishedRun('a'));
  history.append(finishedRun('b', { probe: 'hourly' }));
  history.append(finishedRun('c', { verdict: 'suspect' }));
  const { sequence } = history.append(finishedRun('d', { model: probed('1', 'other') }));
  const newest = (filter: object, before = Number.MAX_SAFE_INTEGER) => idsOf(history.newest(filter, before, 10));
  t.is(newest({}), 'd c b a');
  t.is(newest({ probe: 'nightly' }), 'd c a');
  t.is(newest({ probe: 'nightly', model: 'toy' }), 'c a');
  t.is(newest({ verdict: 'suspect' }), 'c');
  t.is(newest({}, sequence), 'c b a');
  t.is(idsOf(history.newest({}, sequence, 2)), 'c b');
  t.is(idsOf(history.after({}, 0, 3)), 'a b c');
  t.is(idsOf(history.after({ probe: 'nightly' }, 1, 10)), 'c d');
  t.is(history.last('nightly', 'toy')?.runId, 'c');
  t.is(history.last('nightly', 'none'), undefined);
});

test('a version is known by its bytes', async (t) => {
  const history = await historyOf(t);
  history.append(finishedRun('a'));
  history.append(finishedRun('b', { verdict: 'regression' }));
  history.append(finishedRun('c', { model: probed('2'), verdict: 'regression' }));
  t.true(history.wasGood('nightly', probed('1')), 'although its last run was not');
  t.false(history.wasGood('nightly', probed('2')));
  t.false(history.wasGood('hourly', probed('1')));
  t.false(history.wasGood('nightly', { ...probed('1'), sha256: 'other bytes' }));
  t.is(history.lastOf('nightly', probed('1'))?.runId, 'b');
  t.is(history.lastOf('nightly', { ...probed('1'), sha256: 'other bytes' }), undefined);
});

test('the newest good run of the same examples under the same attacks is compared with, whatever its version', async (t) => {
  const history = await historyOf(t);
  t.is(history.baseline('nightly', identityOf(probed('3'))), undefined);
  history.append(finishedRun('a'));
  history.append(finishedRun('b', { model: probed('2') }));
  history.append(finishedRun('c', { verdict: 'regression' }));
  history.append(finishedRun('d', {}, 'other examples'));
  history.append(finishedRun('e', { probe: 'hourly' }));
  const baseline = history.baseline('nightly', identityOf(probed('3')));
  t.is(baseline?.run.runId, 'b');
  t.deepEqual(baseline?.pairs, finishedRun('b', { model: probed('2') }).pairs);
  t.is(history.baseline('nightly', identityOf(probed('3'), 'other examples'))?.run.runId, 'd');
  t.is(history.baseline('nightly', { ...identityOf(probed('3')), seed: 1 }), undefined);
  t.is(history.baseline('nightly', identityOf(probed('3', 'other'))), undefined);
});

test('examples are kept of the newest good run only', async (t) => {
  const database = await openDatabase(':memory:', MIGRATIONS);
  t.teardown(() => database.close());
  const history = probeHistory(database, { maxAgeMs: 1, maxRuns: 1 });
  for (const runId of ['a', 'b']) history.append(finishedRun(runId));
  history.append(finishedRun('c', { verdict: 'suspect' }));
  const kept = database.all('SELECT run_id FROM probe_runs WHERE pairs IS NOT NULL');
  t.deepEqual(kept, [{ run_id: 'b' }]);
});

test('runs leave by age and by count, but for the last and the last good one of each version', async (t) => {
  const history = await historyOf(t, { maxAgeMs: 100, maxRuns: 3 });
  const ids = () => idsOf(history.after({}, 0, 100));
  history.append(finishedRun('a', { finishedMs: 0 }));
  history.append(finishedRun('b', { finishedMs: 10 }));
  history.append(finishedRun('c', { finishedMs: 20, verdict: 'failed' }));
  history.append(finishedRun('d', { finishedMs: 30, verdict: 'failed' }));
  history.append(finishedRun('e', { finishedMs: 40, model: probed('2'), verdict: 'failed' }));
  t.is(history.prune(50), 1);
  t.is(ids(), 'b c d e', 'b is the last good one');
  t.is(history.prune(121), 1);
  t.is(ids(), 'b d e');
  t.is(history.prune(1e9), 0);
});

test('metrics are restored from the last, the last good, the last trusted and the last suspect run of each version', async (t) => {
  const history = await historyOf(t);
  for (const [runId, change] of [
    ['a', {}],
    ['b', {}],
    ['c', { verdict: 'suspect' }],
    ['d', { verdict: 'suspect' }],
    ['e', { verdict: 'regression' }],
    ['f', { verdict: 'failed' }],
    ['g', { verdict: 'failed' }],
    ['h', { model: probed('2') }],
    ['i', { probe: 'hourly' }],
  ] as const) {
    history.append(finishedRun(runId, change));
  }
  t.is(idsOf(history.latest()), 'b d e g h i');
});

test('a probe is configured since it was first seen', async (t) => {
  const history = await historyOf(t);
  t.is(history.configuredSince('nightly', 5), 5);
  t.is(history.configuredSince('nightly', 9), 5);
  t.is(history.configuredSince('hourly', 9), 9);
});

test('a run that cannot be written is not there at all', async (t) => {
  const history = await historyOf(t);
  history.append(finishedRun('a'));
  t.throws(() => history.append(finishedRun('a')), { code: 'STORE_UNAVAILABLE' });
  t.not(history.baseline('nightly', identityOf(probed('1'))), undefined, 'and what it would have changed is as it was');
});
