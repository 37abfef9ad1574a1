import test from 'ava';
import { collectAttack, connect, type RobustgateError } from '../../src/clients/index.js';
import { EngineError } from '../../src/engine/index.js';
import { parseGatewayConfig, startGateway } from '../../src/server/index.js';
import { aborted, gate } from '../support/gate.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { addToy, toyExample, toyGateway } from '../support/toy-gateway.js';
import { toyHosts, toyInfo, toyProgress, toyResult, toySummary } from '../support/toy-hosts.js';

const request = { modelName: 'toy', examples: [toyExample(1)], attack: { name: 'pgd', steps: 5 } };
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const free = { grpcAddress: '127.0.0.1:0', adminAddress: '127.0.0.1:0' };

test('a drain refuses new calls, ends what waits, and lets a run end with its best so far', async (t) => {
  const [begun, drained] = [gate(), gate()];
  const { gateway, client, logged } = await toyGateway(
    t,
    {
      drain: () => drained.open(),
      async *attack() {
        yield toyProgress(1, 5);
        begun.open();
        await drained.opened;
        yield toyResult('0');
        yield toySummary(1);
      },
    },
    { config: { limits: { runs: 1, queue: 1 } } },
  );
  const running = collectAttack(client.attack(request));
  await begun.opened;
  const queued = gate();
  const waiting = t.throwsAsync<RobustgateError>(async () => {
    for await (const { $case } of client.attack(request)) if ($case === 'progress') queued.open();
  });
  await queued.opened;
  const draining = gateway.drain();
  t.is(gateway.drain(), draining, 'asking twice is asking once');
  t.like(await waiting, { code: 'DRAINING', statusName: 'UNAVAILABLE', retryAfterMs: 1000 });
  t.is((await running).results.length, 1);
  await draining;
  t.like(await t.throwsAsync<RobustgateError>(client.listModels()), { statusName: 'UNAVAILABLE' });
  t.deepEqual(
    logged.filter(({ level }) => level === 'warn' || level === 'error'),
    [],
  );
});

test('calls that come while others end are refused with a time to retry', async (t) => {
  const [begun, release] = [gate(), gate()];
  const { gateway, client } = await toyGateway(t, {
    async *attack() {
      begun.open();
      await release.opened;
      yield toySummary(1);
    },
  });
  const running = collectAttack(client.attack(request));
  await begun.opened;
  const draining = gateway.drain();
  for (const call of [client.predict(request), collectAttack(client.attack(request))]) {
    t.like(await t.throwsAsync<RobustgateError>(call), { code: 'DRAINING', retryAfterMs: 1000 });
  }
  t.is((await fetch(`http://${gateway.adminAddress}/readyz`)).status, 503);
  t.is((await fetch(`http://${gateway.adminAddress}/livez`)).status, 200);
  release.open();
  await running;
  await draining;
});

test('what does not end in time is cut off with a reason, and logged', async (t) => {
  const begun = gate();
  const { gateway, client, logged } = await toyGateway(
    t,
    {
      // biome-ignore lint/correctness/useYield: it has nothing to say
      async *attack({ options: { signal } }) {
        begun.open();
        await aborted(signal);
        signal.throwIfAborted();
      },
    },
    { config: { drainSeconds: 0.05 } },
  );
  const running = t.throwsAsync<RobustgateError>(collectAttack(client.attack(request)));
  await begun.opened;
  await gateway.drain();
  t.like(await running, { code: 'DRAINING', statusName: 'UNAVAILABLE', retryAfterMs: 1000 });
  t.deepEqual(
    logged
      .filter(({ level }) => level === 'warn' || level === 'error')
      .map(({ level, message }) => `${level}: ${message}`),
    ['warn: some calls did not end in time and are cut off'],
  );
});

test('closing does not wait for a model that loads', async (t) => {
  const [loading, closed] = [gate(), gate()];
  const { gateway, models } = await toyGateway(
    t,
    {
      load: async (source) => {
        if (source.name === 'toy') return toyInfo(source);
        loading.open();
        await closed.opened;
        throw new EngineError('HOST_UNAVAILABLE', 'expected a host, got none');
      },
      close: () => closed.open(),
    },
    { config: { modelControl: 'poll', pollSeconds: 0.01 } },
  );
  await addToy(models, 'slow', '1');
  await loading.opened;
  await gateway.close();
  t.pass();
});

test('an address that is taken ends the start, and everything that was started', async (t) => {
  const { gateway, models } = await toyGateway(t);
  for (const key of ['grpcAddress', 'adminAddress'] as const) {
    let isClosed = false;
    const config = parseGatewayConfig({ modelRepository: models, ...free, [key]: gateway[key] });
    const close = () => {
      isClosed = true;
    };
    const hosts = () => toyHosts({ close });
    const error = await t.throwsAsync<EngineError>(startGateway(config, { log: silent, hosts }));
    t.is(error?.code, 'INVALID_CONFIG');
    t.true(error?.message.includes(key));
    t.true(isClosed);
  }
});

test('a request above the limit is refused, one below is not', async (t) => {
  const { gateway } = await toyGateway(t, {}, { config: { limits: { requestBytes: 100_000 } } });
  const client = connect(gateway.grpcAddress);
  t.teardown(() => client.close());
  const ask = (bytes: number) =>
    client.predict({
      modelName: 'toy',
      examples: [{ input: { $case: 'encodedImage', value: new Uint8Array(bytes) } }],
    });
  t.like(await t.throwsAsync<RobustgateError>(ask(100_000)), { statusName: 'RESOURCE_EXHAUSTED' });
  t.like(await t.throwsAsync<RobustgateError>(ask(90_000)), { code: 'INVALID_REQUEST' });
});

test('a repository that is not there yet is waited for', async (t) => {
  const folder = await temporaryFolder(t);
  const config = parseGatewayConfig({ modelRepository: `${folder}/models`, ...free, pollSeconds: 0.01 });
  const loaded = gate();
  const hosts = () =>
    toyHosts({
      load: async (source) => {
        loaded.open();
        return toyInfo(source);
      },
    });
  const gateway = await startGateway(config, { log: silent, hosts });
  t.teardown(() => gateway.close());
  await addToy(`${folder}/models`, 'toy', '1');
  await loaded.opened;
  t.pass();
});

test('names in requests that no header can carry leave the gateway as it was', async (t) => {
  const { client } = await toyGateway(t);
  // Cut in the middle of a pair of surrogates, grpc-js would throw where nobody catches it.
  for (const prefix of ['', 'a']) {
    for (const name of ['😀'.repeat(2000), '€'.repeat(5000), 'x'.repeat(1e6)]) {
      const error = await t.throwsAsync<RobustgateError>(
        client.getModel({ name: prefix + name }, { timeoutMs: 20_000 }),
      );
      t.is(error?.code, 'MODEL_NOT_FOUND');
    }
  }
});
