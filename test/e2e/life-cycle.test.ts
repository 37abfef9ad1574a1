// How a gateway with real host processes behaves when things go wrong, and when many things go on at once.
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  AttackField,
  type Client,
  collectAttack,
  connect,
  RandomStart,
  type RobustgateError,
  TerminatedBy,
} from '../../src/clients/index.js';
import {
  addVersion,
  copyDemoModels,
  demoModels,
  gatewayOf,
  sceneExample,
  type TestGateway,
} from '../support/gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const start = (t: ExecutionContext, config: object = {}, models = demoModels): Promise<TestGateway> =>
  gatewayOf(t, models, { children: true, config: { threads: 1, ...config } });

const scenes = (count: number) => Array.from({ length: count }, (_, i) => sceneExample(i));
type Request = Parameters<Client['attack']>[0];
const request = (count: number, steps: number, change: Partial<Request> = {}): Request => ({
  modelName: 'street',
  examples: scenes(count),
  attack: { name: 'pgd', steps },
  objective: { tasks: [{ task: 'segmentation' }] },
  ...change,
});

/** Does something again and again until it works. */
async function eventually<T>(action: () => Promise<T>, tries = 200): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await action();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

test.serial('a cancelled attack stops within one native call', async (t) => {
  const { client, logged } = await start(t, { logLevel: 'debug' });
  const controller = new AbortController();
  let lastStep = 0;
  const reading = (async () => {
    for await (const event of client.attack(request(4, 10_000), { signal: controller.signal })) {
      if (event.$case !== 'progress' || event.value.step === 0) continue;
      lastStep = event.value.step;
      if (lastStep === 3) controller.abort();
    }
  })();
  const error = await t.throwsAsync<RobustgateError>(reading);
  t.is(error?.code, 'CANCELLED');
  // The lane is free at once: a one-step attack that comes now does not wait for 10 000 steps.
  const before = performance.now();
  await collectAttack(client.attack(request(1, 1)));
  t.true(performance.now() - before < 10_000);
  t.true(lastStep <= 5, `got step ${lastStep}`);
  t.deepEqual(
    logged.filter(({ level }) => level === 'error'),
    [],
  );
});

// In one process for both lanes, at the usual priority: an attack host of the lowest one gets next to nothing of cores that
// other tests keep busy, and a deadline cannot be met by somebody who never runs.
const unhurried = { hosts: 'shared' };

for (const count of [1, 16]) {
  test.serial(`at its deadline an attack on ${count} scenes ends with the best so far and status OK`, async (t) => {
    const { client } = await start(t, unhurried);
    await collectAttack(client.attack(request(count, 1))); // compiled once, so that the time goes into steps
    const { results, summary } = await collectAttack(client.attack(request(count, 10_000), { timeoutMs: 6000 }));
    t.is(results.length, count);
    t.is(summary.terminatedBy, TerminatedBy.DEADLINE);
    for (const { result } of results) {
      t.is(result.terminatedBy, TerminatedBy.DEADLINE);
      t.true(result.steps > 0 && result.steps < 10_000, `got ${result.steps} steps`);
      t.true((result.perturbation?.linf ?? 0) <= 4 + 1e-4);
    }
    const [segmentation] = summary.tasks;
    t.true((segmentation?.adversarial?.value ?? 1) < (segmentation?.clean?.value ?? 0));
  });
}

test.serial('examples that a deadline leaves no time for come back clean, with 0 steps', async (t) => {
  const { client } = await start(t, unhurried);
  await collectAttack(client.attack(request(1, 1, { batchSize: 1 })));
  const { results } = await collectAttack(client.attack(request(6, 10_000, { batchSize: 1 }), { timeoutMs: 5000 }));
  t.is(results.length, 6);
  const steps = results.map(({ result }) => result.steps);
  t.true((steps[0] ?? 0) > 0);
  t.deepEqual(
    steps,
    steps.toSorted((left, right) => right - left),
  );
  const last = results.at(-1)?.result;
  t.like(last, { steps: 0, terminatedBy: TerminatedBy.DEADLINE });
  t.is(last?.perturbation?.linf, 0);
});

test.serial('a deadline that leaves no time for anything is refused', async (t) => {
  const { client } = await start(t);
  const error = await t.throwsAsync<RobustgateError>(collectAttack(client.attack(request(1, 10), { timeoutMs: 60 })));
  t.true(['DEADLINE_TOO_SHORT', 'DEADLINE_EXCEEDED'].includes(error?.code ?? ''), `got ${error?.code}`);
});

test.serial('a slow reader gets every result, only the newest progress, and holds nobody else up', async (t) => {
  const { client, gateway } = await start(t);
  const slow = connect(gateway.grpcAddress, { channelOptions: { 'grpc-node.flow_control_window': 65_535 } });
  t.teardown(() => slow.close());
  const fields = [AttackField.ADVERSARIAL_TENSOR, AttackField.RAW_OUTPUTS];
  const steps = 60;
  let [progress, results, hasPaused] = [0, 0, false];
  for await (const event of slow.attack(request(16, steps, { fields }))) {
    if (event.$case === 'progress') progress++;
    if (event.$case === 'result') results++;
    if (event.$case === 'chunk' && !hasPaused) {
      hasPaused = true;
      const before = process.memoryUsage().rss;
      await collectAttack(client.attack(request(1, 2)));
      // 16 results of 6 MB are waiting: they must wait in the host, not here.
      t.true(process.memoryUsage().rss - before < 80 * 2 ** 20);
    }
  }
  t.is(results, 16);
  t.true(progress > 0 && progress <= steps + 3);
});

test.serial('a killed attack host fails its calls with a time to retry, and nothing else', async (t) => {
  const { client, gateway } = await start(t);
  const running = collectAttack(client.attack(request(4, 10_000)));
  const failed = t.throwsAsync<RobustgateError>(running);
  await eventually(async () => {
    if (gateway.hostPids().attack === undefined) throw new Error('no host yet');
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  process.kill(gateway.hostPids().attack as number, 'SIGKILL');
  const error = await failed;
  t.is(error?.code, 'HOST_UNAVAILABLE');
  t.is(error?.statusName, 'UNAVAILABLE');
  t.true((error?.retryAfterMs ?? 0) > 0);
  for (let i = 0; i < 5; i++) await client.predict({ modelName: 'street', examples: scenes(1) });
  const before = performance.now();
  await eventually(() => collectAttack(client.attack(request(1, 1))));
  t.true(performance.now() - before < 15_000);
});

test.serial(
  'an attack host that hangs in the middle of an attack is replaced, and predictions do not feel it',
  async (t) => {
    const { client, gateway, logged } = await start(t, { hangs: { seconds: 2 } });
    const failed = t.throwsAsync<RobustgateError>(
      (async () => {
        for await (const event of client.attack(request(1, 10_000))) {
          const isUnderWay = event.$case === 'progress' && event.value.step === 5;
          if (isUnderWay) process.kill(gateway.hostPids().attack as number, 'SIGSTOP');
        }
      })(),
    );
    await eventually(() => client.predict({ modelName: 'street', examples: scenes(1) }));
    t.is((await failed)?.code, 'HOST_UNAVAILABLE');
    t.true(logged.some(({ message }) => message === 'host hangs and is killed'));
    await t.notThrowsAsync(eventually(() => collectAttack(client.attack(request(1, 1)))));
  },
);

test.serial('a killed serve host comes back too, while attacks go on', async (t) => {
  const { client, gateway } = await start(t);
  const attack = collectAttack(client.attack(request(2, 60)));
  process.kill(gateway.hostPids().serve as number, 'SIGKILL');
  const { predictions } = await eventually(() => client.predict({ modelName: 'street', examples: scenes(1) }));
  t.is(predictions.length, 1);
  t.is((await attack).results.length, 2);
});

test.serial('two attacks and predictions go on side by side', async (t) => {
  const { client } = await start(t);
  const order: string[] = [];
  const attacks = ['a', 'b'].map(async (name) => {
    for await (const event of client.attack(request(1, 40))) {
      if (event.$case === 'progress' && event.value.step > 0) order.push(name);
    }
  });
  const predictions = Promise.all(
    Array.from({ length: 10 }, () => client.predict({ modelName: 'street', examples: scenes(1) })),
  );
  await predictions;
  t.true(order.length < 80, 'predictions do not wait for attacks');
  await Promise.all(attacks);
  const switches = order.filter((name, i) => i > 0 && name !== order[i - 1]).length;
  t.true(switches >= 20, `expected turns, got ${order.join('')}`);
});

test.serial(
  'more runs than may wait are refused with a time to retry, and those that wait are told their place',
  async (t) => {
    const { client } = await start(t, { limits: { runs: 1, queue: 1 } });
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const first = client.attack(request(1, 10_000), options);
    for await (const event of first) if (event.$case === 'progress') break;
    const running = collectAttack(client.attack(request(1, 10_000), options)).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const waiting = client.attack(request(1, 1), options);
    let position = 0;
    for await (const event of waiting) {
      if (event.$case !== 'progress' || event.value.queuePosition === 0) continue;
      position = event.value.queuePosition;
      const error = await t.throwsAsync<RobustgateError>(collectAttack(client.attack(request(1, 1), options)));
      t.is(error?.code, 'QUEUE_FULL');
      t.is(error?.statusName, 'RESOURCE_EXHAUSTED');
      t.true((error?.retryAfterMs ?? 0) > 0);
      break;
    }
    t.is(position, 1);
    controller.abort();
    await running;
  },
);

test.serial('the same seed gives the same bytes, another one others', async (t) => {
  const { client } = await start(t);
  const attack = async (seed: bigint) => {
    const { results } = await collectAttack(
      client.attack(
        request(2, 5, {
          seed,
          attack: { name: 'pgd', steps: 5, randomStart: RandomStart.UNIFORM },
          fields: [AttackField.ADVERSARIAL_TENSOR],
        }),
      ),
    );
    return results.map(({ payloads }) => Buffer.from(payloads[0]?.data ?? []).toString('base64'));
  };
  const first = await attack(5n);
  t.deepEqual(await attack(5n), first);
  t.notDeepEqual(await attack(6n), first);
});

test.serial(
  'a new version takes over while calls go on, a broken one does not, and a removed one leaves',
  async (t) => {
    const models = await temporaryFolder(t);
    await copyDemoModels(models);
    const { client, gateway } = await start(t, { pollSeconds: 0.1 }, models);
    const [model, config] = await Promise.all(
      ['street/1/model.onnx', 'street/model.yaml'].map((file) =>
        import('node:fs/promises').then(({ readFile }) => readFile(join(models, file))),
      ),
    );
    const states = async () => {
      const { models: all } = await client.listModels();
      return Object.fromEntries(all.map(({ version, state, stateReason }) => [version, [state, stateReason]]));
    };
    const serving = async (version: string) =>
      eventually(async () => {
        const { modelVersion } = await client.predict({ modelName: 'street', examples: scenes(1) });
        if (modelVersion !== version) throw new Error(`still ${modelVersion}`);
      });
    const attack = collectAttack(client.attack(request(1, 200)));
    const files = { config: (config as Buffer).toString(), model: model as Buffer };
    await addVersion(models, 'street', '2', files);
    await serving('2');
    t.is((await attack).started.modelVersion, '1', 'a run ends on the version that it began with');

    await addVersion(models, 'street', '3', { ...files, model: files.model.subarray(0, 5000) });
    const failed = await eventually(async () => {
      const [state, reason] = (await states())['3'] ?? [];
      if (state !== 6) throw new Error(`still ${state}`);
      return String(reason);
    });
    t.true(failed.length > 0);
    await serving('2');
    const refused = await t.throwsAsync<RobustgateError>(
      client.predict({ modelName: 'street', modelVersion: '3', examples: scenes(1) }),
    );
    t.is(refused?.code, 'MODEL_NOT_READY');

    await rename(join(models, 'street/2'), join(models, 'street/gone'));
    await rm(join(models, 'street/gone'), { recursive: true });
    await serving('1');
    t.truthy(gateway.hostPids().attack);
  },
);

test.serial('a drain lets running attacks end with their best so far, and refuses new calls', async (t) => {
  const { client, gateway } = await start(t);
  const running = collectAttack(client.attack(request(2, 10_000)));
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const drained = gateway.drain();
  const late = await t.throwsAsync<RobustgateError>(client.predict({ modelName: 'street', examples: scenes(1) }));
  t.true(['DRAINING', 'UNAVAILABLE'].includes(late?.code ?? ''), `got ${late?.code}`);
  const { summary, results } = await running;
  t.is(summary.terminatedBy, TerminatedBy.DRAIN);
  t.is(results.length, 2);
  t.true((results[0]?.result.steps ?? 0) > 0);
  await drained;
});

test.serial('a gradient program that would not fit the memory is refused, and the model is still served', async (t) => {
  const { client } = await start(t, { limits: { memoryBytes: 10_000_000, runs: 1, queue: 1 } });
  const over = new AbortController();
  const running = client.attack(request(1, 10_000, { attack: { name: 'square', steps: 10_000 } }), {
    signal: over.signal,
  });
  for (let event = await running.next(); !event.done; event = await running.next()) {
    if (event.value.$case === 'progress' && event.value.value.step > 0) break;
  }
  const told: string[] = [];
  const error = await t.throwsAsync<RobustgateError>(async () => {
    for await (const { $case } of client.attack(request(1, 1))) told.push($case);
  });
  t.is(error?.code, 'MEMORY_BUDGET_EXCEEDED');
  t.is(error?.statusName, 'RESOURCE_EXHAUSTED');
  t.regex(error?.message ?? '', /at most 10 MiB, got one of about \d+ MiB for 1 example of shape \[3,64,128\]/);
  t.deepEqual(told, [], 'although the lane is taken by an attack that needs no gradient');
  over.abort();
  const { predictions } = await client.predict({ modelName: 'street', examples: scenes(1) });
  t.is(predictions.length, 1);
});
