// Probes of the demo model, with real hosts, a real history, and versions that come and go.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Client, ModelState, type ProbeRun, ProbeTrigger, ProbeVerdict } from '../../src/clients/index.js';
import { addVersion, copyDemoModels, demoModels, gatewayOf, type TestGateway } from '../support/gateway.js';
import { startPrometheus, whyMissing } from '../support/prometheus.js';
import { root } from '../support/street.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { worseModel } from '../support/worse-model.js';

const datasets = { scenes: { kind: 'cityscapes', root: join(root, 'demo/scenes') } };
const probe = {
  name: 'street',
  schedule: '*/2 * * * * *',
  model: 'street',
  dataset: 'scenes',
  examples: 2,
  attacks: ['pgd(steps=5,eps=4)@sum(segmentation=1,depth=1)'],
  reliability: false,
  gradientExamples: 2,
};
/** A schedule that never comes in a test. */
const rarely = '0 0 29 2 *';

const start = (t: ExecutionContext, config: object, models = demoModels): Promise<TestGateway> =>
  gatewayOf(t, models, { children: true, config: { threads: 1, hosts: 'shared', datasets, ...config } });

/** The next runs of a gateway. */
async function take(client: Client, count: number, afterSequence = 0n): Promise<ProbeRun[]> {
  const runs: ProbeRun[] = [];
  for await (const run of client.watchProbeRuns({ afterSequence })) if (runs.push(run) === count) break;
  return runs;
}

test.serial('a probe runs on its schedule, and its history and its watchers outlive the gateway', async (t) => {
  const stateDirectory = await temporaryFolder(t);
  const config = { stateDirectory, probes: [{ ...probe, onNewVersion: 'never', catchUp: 'skip' }] };
  const first = await start(t, config);
  const runs = await take(first.client, 2);
  for (const run of runs) {
    t.like(run, {
      probe: 'street',
      trigger: ProbeTrigger.SCHEDULE,
      verdict: ProbeVerdict.OK,
      modelVersion: '1',
      examples: 2,
    });
    t.is(run.imageSteps, 10n);
  }
  const [before, after] = runs as [ProbeRun, ProbeRun];
  t.true(after.startedMs >= before.finishedMs, 'it does not overlap itself');
  t.true(after.startedMs - before.startedMs >= 1900n);
  t.deepEqual(after.attacks, before.attacks, 'one seed, one model: the same figures');
  const [segmentation, depth] = after.attacks[0]?.tasks ?? [];
  t.like(segmentation, { task: 'segmentation', metric: 'miou', attacked: true, examples: 2 });
  t.true((segmentation?.adversarial?.value ?? 1) < (segmentation?.clean?.value ?? 0));
  t.true((segmentation?.adversarial?.lower ?? 1) <= (segmentation?.adversarial?.value ?? 0));
  t.is(depth?.task, 'depth');
  t.deepEqual(
    after.gradients?.tasks.map(({ task }) => task),
    ['segmentation', 'depth'],
  );
  t.true(after.gradients?.tasks.every(({ meanL2 }) => meanL2 > 0));
  const { probes } = await first.client.listProbes();
  t.like(probes[0], { name: 'street', models: ['street'] });
  t.true((probes[0]?.nextRunMs ?? 0n) >= after.finishedMs - 2000n);
  await first.gateway.drain();
  await first.gateway.close();

  const second = await start(t, { ...config, probes: [{ ...config.probes[0], schedule: rarely }] });
  const again = await take(second.client, 1, before.sequence);
  t.deepEqual(again, [after], 'a watcher takes up where it broke off');
  t.deepEqual((await second.client.getProbeRun({ runId: before.runId })).run, before);
  const metrics = await (await fetch(`http://${second.gateway.adminAddress}/metrics`)).text();
  t.regex(metrics, /^robustgate_robust_score_ratio\{probe="street",model="street",version="1",.*task="segmentation"/m);
  const [, since] = /^robustgate_probe_configured_timestamp_seconds\{.*\} (.*)$/m.exec(metrics) ?? [];
  t.true(Number(since) * 1000 < Number(before.startedMs), 'it is configured since before the restart');
});

test.serial('a run that is asked for is told from its start to its end, and joined by who comes later', async (t) => {
  const { client } = await start(t, { probes: [{ ...probe, schedule: rarely, onNewVersion: 'never' }] });
  const told: string[] = [];
  let joined: Promise<ProbeRun[]> | undefined;
  const runs: ProbeRun[] = [];
  const ask = async (): Promise<ProbeRun[]> => {
    const own: ProbeRun[] = [];
    for await (const event of client.runProbe({ probe: 'street' })) if (event.$case === 'run') own.push(event.value);
    return own;
  };
  for await (const event of client.runProbe({ probe: 'street' })) {
    if (told.at(-1) !== event.$case) told.push(event.$case);
    if (event.$case === 'started') {
      t.like(event.value, { probe: 'street', modelName: 'street', modelVersion: '1', trigger: ProbeTrigger.REQUEST });
      joined = ask();
    }
    if (event.$case === 'run') runs.push(event.value);
  }
  t.deepEqual(told, ['started', 'progress', 'run']);
  t.deepEqual(await joined, runs);
  t.is(runs[0]?.verdict, ProbeVerdict.OK);
});

test.serial('a new version takes no traffic before its probe was good, and a worse one takes none', async (t) => {
  const models = await temporaryFolder(t);
  await copyDemoModels(models);
  const [model, config] = await Promise.all([
    readFile(join(models, 'street/1/model.onnx')),
    readFile(join(models, 'street/model.yaml'), 'utf8'),
  ]);
  const { client } = await start(
    t,
    { pollSeconds: 0.1, probes: [{ ...probe, schedule: rarely, examples: 8, onNewVersion: 'before-traffic' }] },
    models,
  );
  const serving = async () => (await client.getModel({ name: 'street' })).model?.version;
  const [first] = await take(client, 1);
  t.like(first, { trigger: ProbeTrigger.NEW_VERSION, modelVersion: '1', verdict: ProbeVerdict.OK });

  await addVersion(models, 'street', '2', { config, model });
  const seen = new Set<string | undefined>();
  const looking = (async () => {
    while (!seen.has('2')) seen.add(await serving());
  })();
  const [second] = await take(client, 1, first?.sequence);
  t.like(second, { trigger: ProbeTrigger.NEW_VERSION, modelVersion: '2', verdict: ProbeVerdict.OK });
  await looking;
  t.deepEqual([...seen], ['1', '2']);

  await addVersion(models, 'street', '3', { config, model: worseModel(model) });
  const [third] = await take(client, 1, second?.sequence);
  t.like(third, { modelVersion: '3', verdict: ProbeVerdict.REGRESSION });
  t.regex(third?.reason ?? '', /^(segmentation|depth|reconstruction)\./);
  t.is(await serving(), '2');
  const { model: held } = await client.getModel({ name: 'street', version: '3' });
  t.is(held?.state, ModelState.STANDBY);
  t.regex(held?.stateReason ?? '', /takes no traffic: the probe street ended as regression/);
});

const missing = whyMissing('prometheus');
const withPrometheus = missing === undefined ? test.serial : test.serial.skip;

withPrometheus(
  `Prometheus reads the figures of a probe, and an alert is raised for a version that is worse${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  async (t) => {
    const models = await temporaryFolder(t);
    await copyDemoModels(models);
    const { client, gateway } = await start(
      t,
      { pollSeconds: 0.1, probes: [{ ...probe, examples: 8, onNewVersion: 'after-traffic' }] },
      models,
    );
    const prometheus = await startPrometheus(t, {
      targets: [gateway.adminAddress],
      rules: [join(root, 'deploy/prometheus/rules.yaml')],
    });
    const runs = await take(client, 2);
    const segmentation = runs[1]?.attacks[0]?.tasks.find(({ task }) => task === 'segmentation');
    const figure = 'robustgate_robust_score_ratio{probe="street",model="street",task="segmentation",metric="miou"}';
    await prometheus.untilQuery(
      'sum(robustgate_probe_runs_total{probe="street",verdict="ok"})',
      ([sample]) => (sample?.value ?? 0) >= 2,
    );
    const [value] = await prometheus.untilQuery(figure);
    t.is(value?.value, segmentation?.adversarial?.value);
    t.like(value?.labels, { version: '1', dataset: 'scenes', epsilon: '4/255', attacked: 'true' });
    t.is(value?.labels['attack'], 'pgd(steps=5,eps=4)@sum(segmentation=1,depth=1)');
    for (const [bound, expected] of [
      ['lower', segmentation?.adversarial?.lower],
      ['upper', segmentation?.adversarial?.upper],
    ] as const) {
      const [sample] = await prometheus.query(figure.replace('{', `_${bound}{`));
      t.is(sample?.value, expected);
    }
    const [staleness] = await prometheus.query(
      'time() - robustgate_probe_last_success_timestamp_seconds{probe="street"}',
    );
    t.true((staleness?.value ?? -1) >= 0 && (staleness?.value ?? 1e9) < 60, `got ${staleness?.value} s`);
    t.is((await prometheus.query('robustgate_probe_verdict{verdict="ok"}'))[0]?.value, 1);
    const isOfProbes = ({ labels }: { readonly labels: Readonly<Record<string, string>> }) =>
      ['RobustgateProbeRegression', 'RobustgateRobustScoreFell'].includes(labels['alertname'] ?? '');
    t.deepEqual((await prometheus.alerts()).filter(isOfProbes), []);

    const [model, config] = await Promise.all([
      readFile(join(models, 'street/1/model.onnx')),
      readFile(join(models, 'street/model.yaml'), 'utf8'),
    ]);
    await addVersion(models, 'street', '2', { config, model: worseModel(model) });
    const states = 'ALERTS{alertname=~"RobustgateProbeRegression|RobustgateRobustScoreFell",version="2"}';
    const samples = await prometheus.untilQuery(states, (found) => found.length >= 2);
    const stateOf = (name: string) => samples.find(({ labels }) => labels['alertname'] === name)?.labels['alertstate'];
    t.is(stateOf('RobustgateRobustScoreFell'), 'pending');
    t.is(stateOf('RobustgateProbeRegression'), 'firing');
  },
);
