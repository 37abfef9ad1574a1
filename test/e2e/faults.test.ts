// A gateway with real host processes in a storm of calls, and behind networks that are slow, torn or dead.
import test, { type ExecutionContext } from 'ava';
import { collectAttack, connect, type RobustgateError } from '../../src/clients/index.js';
import { chaos } from '../support/chaos.js';
import { faultProxy } from '../support/fault-proxy.js';
import { demoModels, gatewayOf, sceneExample } from '../support/gateway.js';

const start = (t: ExecutionContext) => gatewayOf(t, demoModels, { children: true, config: { threads: 1 } });
const request = (steps: number) => ({
  modelName: 'street',
  examples: [sceneExample(0)],
  attack: { name: 'pgd', steps },
});

/** Resolved when it holds. */
async function becomesTrue(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

test.serial(
  'in a storm of calls, cancels and killed hosts every answer is whole or an error that says what to do',
  async (t) => {
    const { gateway } = await start(t);
    const handles = (): number => process.getActiveResourcesInfo().filter((name) => name !== 'Timeout').length;
    const before = handles();
    const report = await chaos({
      address: gateway.grpcAddress,
      model: 'street',
      example: sceneExample(0),
      seed: 1,
      calls: 80,
      concurrency: 8,
      hostPids: () => Object.values(gateway.hostPids()),
      callsPerKill: 40,
    });
    t.deepEqual(report.wrong, []);
    t.true(report.kills >= 1 && report.cancels >= 5, JSON.stringify(report));
    // Afterwards it serves as before, and nothing is left of all that.
    const client = connect(gateway.grpcAddress, { attempts: 10 });
    await becomesTrue(() => Object.values(gateway.hostPids()).every((pid) => pid !== undefined));
    await client.predict({ modelName: 'street', examples: [{ ...sceneExample(0), labels: {} }] });
    client.close();
    await becomesTrue(() => handles() <= before + 2);
    t.pass();
  },
);

test.serial('frames that come slowly and in pieces are the same attack', async (t) => {
  const { gateway, client } = await start(t);
  const { address } = await faultProxy(t, gateway.grpcAddress, { latencyMs: 5, pieceBytes: 700 });
  const far = connect(address);
  t.teardown(() => far.close());
  const [near, torn] = [await collectAttack(client.attack(request(3))), await collectAttack(far.attack(request(3)))];
  t.deepEqual(
    torn.results.map(({ payloads }) => payloads),
    near.results.map(({ payloads }) => payloads),
  );
});

test.serial('a connection that is torn down ends its run, and the client can go on', async (t) => {
  const { gateway, client } = await start(t);
  const proxy = await faultProxy(t, gateway.grpcAddress);
  const far = connect(proxy.address, { attempts: 5 });
  t.teardown(() => far.close());
  const reading = (async () => {
    for await (const event of far.attack(request(10_000))) {
      if (event.$case === 'progress' && event.value.step > 2) proxy.reset();
    }
  })();
  const error = await t.throwsAsync<RobustgateError>(reading);
  t.true(['UNAVAILABLE', 'CANCELLED', 'INTERNAL'].includes(error?.statusName ?? ''), `got ${error?.statusName}`);
  // The lane is free: nobody waits for 10 000 steps.
  await collectAttack(client.attack(request(1)));
  t.is((await collectAttack(far.attack(request(1)))).results.length, 1);
});

test.serial('a network that falls silent is noticed by the client, and costs the gateway nothing', async (t) => {
  const { gateway, client } = await start(t);
  const proxy = await faultProxy(t, gateway.grpcAddress);
  const far = connect(proxy.address, {
    channelOptions: { 'grpc.keepalive_time_ms': 1000, 'grpc.keepalive_timeout_ms': 500 },
  });
  t.teardown(() => far.close());
  const reading = (async () => {
    for await (const event of far.attack(request(10_000))) {
      if (event.$case === 'progress' && event.value.step > 2) proxy.faults.isSilent = true;
    }
  })();
  t.like(await t.throwsAsync<RobustgateError>(reading), { statusName: 'UNAVAILABLE' });
  proxy.reset(); // now the gateway hears of it too
  await collectAttack(client.attack(request(1)));
  t.pass();
});
