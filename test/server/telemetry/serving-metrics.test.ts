import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { collectAttack, type RobustgateError } from '../../../src/clients/index.js';
import { aborted, gate, until } from '../../support/gate.js';
import { named, scrape, seriesOf } from '../../support/metrics.js';
import { toyExample, toyGateway } from '../../support/toy-gateway.js';
import { toyProgress, toyResult, toySummary } from '../../support/toy-hosts.js';

const request = { modelName: 'toy', examples: [toyExample(1)], attack: { name: 'pgd', steps: 2 } };
const METHOD = 'robustgate.v1.RobustnessService';

test('counters and histograms of calls and runs are there before the first', async (t) => {
  const { gateway } = await toyGateway(t);
  const series = seriesOf(await scrape(gateway.adminAddress));
  t.is(series.get(`robustgate_rpc_duration_seconds_count{code="OK",method="${METHOD}/Attack"}`), 0);
  t.is(series.get(`robustgate_rpc_in_flight{method="${METHOD}/Predict"}`), 0);
  t.is(series.get('robustgate_rejected_total{reason="QUEUE_FULL"}'), 0);
  t.is(series.get('robustgate_runs_total{kind="attack",outcome="completed"}'), 0);
  t.is(series.get('robustgate_host_restarts_total{lane="attack",reason="crash"}'), 0);
  t.deepEqual(named(series, 'robustgate_image_steps_total'), {}, 'of a model nothing is known yet');
});

test('a call beyond its quota is counted among those that were turned away', async (t) => {
  const { gateway, client } = await toyGateway(t, {}, { config: { quotas: { default: { imageStepsPerMinute: 1 } } } });
  t.like(await t.throwsAsync(collectAttack(client.attack(request))), { code: 'QUOTA_EXCEEDED' });
  const series = seriesOf(await scrape(gateway.adminAddress));
  t.is(series.get('robustgate_rejected_total{reason="QUOTA_EXCEEDED"}'), 1);
  t.is(series.get('robustgate_rejected_total{reason="UNAUTHENTICATED"}'), 0);
});

test('calls and runs are counted by how they end, and in flight while they last', async (t) => {
  const [begun, release] = [gate(), gate()];
  const { gateway, client } = await toyGateway(
    t,
    {
      async *attack() {
        yield toyProgress(1, 2);
        begun.open();
        await release.opened;
        yield toyResult('0');
        yield toySummary(1);
      },
    },
    { config: { limits: { runs: 1, queue: 1 } } },
  );
  const running = collectAttack(client.attack(request));
  await begun.opened;
  const queued = gate();
  const waiting = (async () => {
    for await (const { $case } of client.attack(request)) if ($case === 'progress') queued.open();
  })();
  await queued.opened;
  t.like(await t.throwsAsync<RobustgateError>(collectAttack(client.attack(request))), { code: 'QUEUE_FULL' });
  t.like(await t.throwsAsync<RobustgateError>(client.predict({ ...request, modelName: 'none' })), {
    code: 'MODEL_NOT_FOUND',
  });

  const during = seriesOf(await scrape(gateway.adminAddress));
  t.is(during.get(`robustgate_rpc_in_flight{method="${METHOD}/Attack"}`), 2);
  t.is(during.get('robustgate_lane_running{lane="attack"}'), 1);
  t.is(during.get('robustgate_lane_running_limit{lane="attack"}'), 1);
  t.is(during.get('robustgate_lane_waiting{lane="attack"}'), 1);
  t.is(during.get('robustgate_lane_waiting_limit{lane="attack"}'), 1);
  t.is(during.get('robustgate_rejected_total{reason="QUEUE_FULL"}'), 1);
  t.is(during.get('robustgate_queue_wait_seconds_count{kind="attack"}'), 1, 'the second one waits still');

  release.open();
  await Promise.all([running, waiting]);
  await client.predict(request);
  const after = seriesOf(await scrape(gateway.adminAddress));
  t.is(after.get(`robustgate_rpc_in_flight{method="${METHOD}/Attack"}`), 0);
  t.is(after.get(`robustgate_rpc_duration_seconds_count{code="OK",method="${METHOD}/Attack"}`), 2);
  t.is(after.get(`robustgate_rpc_duration_seconds_count{code="RESOURCE_EXHAUSTED",method="${METHOD}/Attack"}`), 1);
  t.is(after.get(`robustgate_rpc_duration_seconds_count{code="NOT_FOUND",method="${METHOD}/Predict"}`), 1);
  t.is(after.get('robustgate_runs_total{kind="attack",outcome="completed"}'), 2);
  t.is(after.get('robustgate_runs_total{kind="predict",outcome="completed"}'), 1);
  t.is(after.get('robustgate_run_duration_seconds_count{kind="attack"}'), 2);
  t.is(after.get('robustgate_queue_wait_seconds_count{kind="attack"}'), 2);
  t.is(after.get('robustgate_image_steps_total{model="toy"}'), 4);
  t.is(after.get('robustgate_lane_running{lane="attack"}'), 0);
});

test('a client that leaves cancels its run, and an error of ours fails it', async (t) => {
  const begun = gate();
  const ended = gate();
  let isFirst = true;
  const { gateway, client, logged } = await toyGateway(t, {
    async *attack({ options: { signal } }) {
      if (!isFirst) throw new TypeError('a mistake');
      isFirst = false;
      try {
        yield toyProgress(1, 2);
        begun.open();
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      } finally {
        ended.open();
      }
    },
  });
  const leaving = new AbortController();
  const left = t.throwsAsync(collectAttack(client.attack(request, { signal: leaving.signal })));
  await begun.opened;
  leaving.abort();
  await Promise.all([left, ended.opened]);
  await t.throwsAsync(collectAttack(client.attack(request)));
  const series = seriesOf(await scrape(gateway.adminAddress));
  t.is(series.get('robustgate_runs_total{kind="attack",outcome="cancelled"}'), 1);
  t.is(series.get('robustgate_runs_total{kind="attack",outcome="failed"}'), 1);
  t.is(series.get(`robustgate_rpc_duration_seconds_count{code="CANCELLED",method="${METHOD}/Attack"}`), 1);
  t.is(series.get(`robustgate_rpc_duration_seconds_count{code="INTERNAL",method="${METHOD}/Attack"}`), 1);
  const ends = logged.filter(({ message }) => message === 'run ended').map(({ fields }) => fields);
  t.like(ends[0], { kind: 'attack', outcome: 'cancelled' });
  t.like(ends[1], { kind: 'attack', outcome: 'failed', reason: 'INTERNAL' });
});

test('a call whose time is over is counted as such, and as no error of ours', async (t) => {
  const { gateway, client, logged } = await toyGateway(t, {
    predict: async ({ options: { signal } }) => {
      await aborted(signal);
      throw new TypeError('what comes of it');
    },
  });
  const counted = `robustgate_rpc_duration_seconds_count{code="DEADLINE_EXCEEDED",method="${METHOD}/Predict"}`;
  // Some may be over before they reach the gateway.
  await until(async () => {
    await t.throwsAsync(client.predict(request, { timeoutMs: 200 }));
    return (seriesOf(await scrape(gateway.adminAddress)).get(counted) ?? 0) > 0;
  });
  t.false(logged.some(({ level }) => level === 'error'));
});

test('models are told with state and provider', async (t) => {
  const { gateway } = await toyGateway(
    t,
    { quarantineReason: ({ name }) => (name === 'features' ? 'it crashes' : undefined) },
    { models: ['toy', 'features'] },
  );
  const series = seriesOf(await scrape(gateway.adminAddress));
  t.deepEqual(named(series, 'robustgate_model_info'), {
    'robustgate_model_info{model="features",provider="cpu",state="serving",version="1"}': 1,
    'robustgate_model_info{model="toy",provider="cpu",state="serving",version="1"}': 1,
  });
  t.is(series.get('robustgate_models_serving'), 2);
  t.is(series.get('robustgate_model_quarantined{model="toy",version="1"}'), 0);
  t.is(series.get('robustgate_model_quarantined{model="features",version="1"}'), 1);
  t.is(series.get('robustgate_host_up{lane="serve"}'), 1);
});

test('series of a model that is unloaded go', async (t) => {
  const unloaded = gate();
  const { gateway, client, models } = await toyGateway(
    t,
    { unload: async () => unloaded.open() },
    { models: ['toy', 'features'], config: { modelControl: 'poll', pollSeconds: 0.01 } },
  );
  await collectAttack(client.attack(request));
  const before = seriesOf(await scrape(gateway.adminAddress));
  t.is(before.get('robustgate_image_steps_total{model="toy"}'), 2);
  await rename(join(models, 'toy'), join(models, '.gone'));
  await unloaded.opened;
  const after = seriesOf(await scrape(gateway.adminAddress));
  t.false([...after.keys()].some((key) => key.includes('model="toy"')));
  t.is(after.get('robustgate_models_serving'), 1);
});

test('a line of the log names a run and its trace, and nothing of what was sent', async (t) => {
  const { client, logged } = await toyGateway(t);
  await client.predict(request);
  const [line] = logged.filter(({ message }) => message === 'run ended');
  t.is(line?.level, 'debug');
  t.like(line?.fields, { kind: 'predict', model: 'toy', version: '1', outcome: 'completed' });
  t.deepEqual(Object.keys(line?.fields ?? {}).toSorted(), ['kind', 'model', 'outcome', 'runId', 'seconds', 'version']);
});
