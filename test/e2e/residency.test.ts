// Models that real hosts have no room for together.
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type Client, collectAttack, PredictField, type RobustgateError } from '../../src/clients/index.js';
import { ModelState } from '../../src/contract/robustgate/v1/model.js';
import { until } from '../support/gate.js';
import { copyDemoModels, gatewayOf, sceneExample } from '../support/gateway.js';
import { named, scrape, seriesOf } from '../support/metrics.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const NAMES = ['first', 'second', 'street'];

/** A gateway with three models of the same bytes, and room for one. */
async function start(t: Parameters<typeof gatewayOf>[0]) {
  const models = await temporaryFolder(t);
  await copyDemoModels(models);
  for (const name of ['first', 'second']) await cp(join(models, 'street'), join(models, name), { recursive: true });
  const config = { threads: 1, modelControl: 'explicit', residency: { maxBytes: 1 }, readiness: 'all' };
  return { models, ...(await gatewayOf(t, models, { children: true, config })) };
}

const predict = async (client: Client, modelName: string) => {
  const { predictions } = await client.predict({
    modelName,
    examples: [sceneExample(0)],
    fields: [PredictField.RAW],
  });
  return predictions.map(({ tasks }) => tasks.map(({ raw }) => raw?.data));
};

const attack = (client: Client, modelName: string) =>
  collectAttack(client.attack({ modelName, examples: [sceneExample(0)], attack: { name: 'pgd', steps: 2 } }));

async function loadedModels(client: Client): Promise<readonly string[]> {
  const { models } = await client.listModels();
  return models.filter(({ unloaded }) => !unloaded).map(({ name }) => name);
}

test.serial('models that do not fit together take turns in the hosts, and compute what they did before', async (t) => {
  const { client, gateway } = await start(t);
  t.deepEqual(await loadedModels(client), ['street'], 'the last that was loaded');
  const { models } = await client.listModels();
  t.deepEqual(
    models.map(({ state, stateReason, unloaded }) => [state, stateReason, unloaded]),
    [
      [ModelState.SERVING, 'unloaded to spare memory: the next call loads it again', true],
      [ModelState.SERVING, 'unloaded to spare memory: the next call loads it again', true],
      [ModelState.SERVING, '', false],
    ],
  );
  const expected = await predict(client, 'street');
  const [strength] = (await attack(client, 'street')).results;
  for (const name of ['first', 'second', 'first']) {
    t.deepEqual(await predict(client, name), expected);
    t.deepEqual(await loadedModels(client), [name]);
    const [found] = (await attack(client, name)).results;
    t.deepEqual(found?.result.tasks, strength?.result.tasks);
  }
  const ready = await fetch(`http://${gateway.adminAddress}/readyz`);
  t.is(ready.status, 200, 'with readiness: all');
  const series = seriesOf(await scrape(gateway.adminAddress));
  t.is(series.get('robustgate_idle_reloads_total{model="first",outcome="loaded"}'), 2);
  t.is(series.get('robustgate_models_kept_limit_bytes'), 1);
  t.true((series.get('robustgate_models_kept_bytes') ?? 0) > 1e6, 'the files and a program of one model');
  t.deepEqual(named(series, 'robustgate_model_unloaded'), {
    'robustgate_model_unloaded{model="first",version="1"}': 0,
    'robustgate_model_unloaded{model="second",version="1"}': 1,
    'robustgate_model_unloaded{model="street",version="1"}': 1,
  });
  t.is(series.get('robustgate_host_up{lane="attack"}'), 1);
});

test.serial('calls of all models at once are all answered, and then one stays', async (t) => {
  const { client, gateway, logged } = await start(t);
  const expected = await predict(client, 'street');
  const calls = NAMES.flatMap((name) => [name, name, name]);
  const [answers, attacks] = await Promise.all([
    Promise.all(calls.map((name) => predict(client, name))),
    Promise.all(NAMES.map((name) => attack(client, name))),
  ]);
  for (const answer of answers) t.deepEqual(answer, expected);
  t.deepEqual(
    attacks.map(({ results }) => results.length),
    [1, 1, 1],
  );
  await until(async () => (await loadedModels(client)).length === 1);
  t.deepEqual(
    logged.filter(({ level }) => level === 'error'),
    [],
  );
  const { attack: pid } = gateway.hostPids();
  t.truthy(pid);
});

test.serial('a host that was killed comes back without the models that are out', async (t) => {
  const { client, gateway } = await start(t);
  const expected = await predict(client, 'first');
  const { serve } = gateway.hostPids();
  process.kill(serve as number, 'SIGKILL');
  await until(() => gateway.hostPids().serve !== serve && gateway.hostPids().serve !== undefined);
  for (;;) {
    const answer = await predict(client, 'second').catch((error: RobustgateError) => error);
    if (Array.isArray(answer)) {
      t.deepEqual(answer, expected);
      break;
    }
    if (!['HOST_UNAVAILABLE', 'MODEL_NOT_READY'].includes((answer as RobustgateError).code)) throw answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.deepEqual(await loadedModels(client), ['second']);
});

test.serial('a model that is out and whose file was broken is told as such, and others serve on', async (t) => {
  const { client, models } = await start(t);
  await writeFile(join(models, 'first/1/model.onnx'), 'none');
  const error = await t.throwsAsync<RobustgateError>(predict(client, 'first'));
  t.is(error?.code, 'MODEL_NOT_READY');
  t.is((await t.throwsAsync<RobustgateError>(attack(client, 'first')))?.code, 'MODEL_NOT_READY');
  await t.notThrowsAsync(predict(client, 'second'));
});
