import test from 'ava';
import { collectAttack, type RobustgateError } from '../../../src/clients/index.js';
import type { AttackResponse } from '../../../src/contract/robustgate/v1/attack.js';
import { AttackRequest } from '../../../src/contract/robustgate/v1/attack.js';
import type { AttackJob } from '../../../src/engine/index.js';
import { decodeImage, EngineError, type Payload } from '../../../src/engine/index.js';
import { aborted, gate } from '../../support/gate.js';
import { toyExample, toyGateway } from '../../support/toy-gateway.js';
import { type LaneCall, toyProgress, toyResult, toySummary } from '../../support/toy-hosts.js';

const request = {
  modelName: 'toy',
  examples: [toyExample(7, 'a'), toyExample(9, 'b')],
  attack: { name: 'pgd', steps: 3, epsilon: 2 },
};

test('a stream says started with everything filled in, progress, each result, and one summary at the end', async (t) => {
  const { client } = await toyGateway(t);
  const events = [];
  for await (const event of client.attack({ ...request, seed: 5n })) events.push(event);
  const kinds = events.map(({ $case }) => $case);
  t.is(kinds[0], 'started');
  t.is(kinds.at(-1), 'summary');
  t.deepEqual(
    kinds.filter((kind) => kind !== 'progress' && kind !== 'chunk'),
    ['started', 'result', 'result', 'summary'],
  );
  const [started] = events;
  t.like(started?.value, {
    modelName: 'toy',
    modelVersion: '1',
    specText: 'pgd(steps=3,eps=2)@sum(scene=1,reconstruction=1)',
    exampleCount: 2,
    stepsPerExample: 3,
    seed: 5n,
    attack: { name: 'pgd', epsilon: 2, stepSize: 1, steps: 3, restarts: 1, randomStart: 2, norm: 1, iterate: 1 },
    objective: {
      combination: 1,
      tasks: [
        { task: 'scene', weight: 1, loss: 'cross-entropy' },
        { task: 'reconstruction', weight: 1, loss: 'l1' },
      ],
    },
  });
  const [last] = events.slice(-1);
  t.like(last?.value, {
    exampleCount: 2,
    examplesBroken: 2,
    imageSteps: 4n,
    provenance: { seed: 7n, provider: 'cpu' },
  });
  if (started?.$case !== 'started' || last?.$case !== 'summary') return t.fail();
  t.is(started.value.runId, last.value.runId);
});

test('an adversarial PNG is the image that the model was attacked with, in the order of its channels', async (t) => {
  for (const modelName of ['toy', 'bgr']) {
    const { client } = await toyGateway(t, {}, { models: [modelName] });
    const data = Uint8Array.from({ length: 12 }, (_, i) => 10 * i);
    const input = { $case: 'tensor' as const, value: { datatype: 'UINT8', shape: [3n, 2n, 2n], data } };
    const { results } = await collectAttack(
      client.attack({ ...request, modelName, examples: [{ ...toyExample(0), input }] }),
    );
    const [png] = results[0]?.payloads ?? [];
    const image = await decodeImage(png?.data ?? new Uint8Array(), { maxPixels: 4, maxBytes: 1e4 });
    const first = modelName === 'toy' ? [2, 42, 82] : [82, 42, 2];
    t.deepEqual([...image.data.slice(0, 3)], first, modelName);
  }
});

test('a payload is cut into chunks of at most 512 KiB, all before their result, and nothing is larger than 1 MiB', async (t) => {
  const data = Uint8Array.from({ length: 1_300_000 }, (_, i) => i % 251);
  const tensor = { datatype: 'UINT8', shape: [data.length], data } as const;
  const payload: Payload = { field: 'label-maps', task: 'scene', condition: 'clean', tensor };
  const { stub } = await toyGateway(t, {
    async *attack({ job }) {
      yield toyResult(job.inputs[0]?.key ?? '', [payload]);
      yield toySummary(1);
    },
  });
  const messages: AttackResponse[] = [];
  for await (const message of stub.attack(AttackRequest.fromPartial(request))) messages.push(message);
  const chunks = messages.flatMap(({ event }) => (event?.$case === 'chunk' ? [event.value] : []));
  t.deepEqual(
    chunks.map(({ offset, total, data: part }) => [Number(offset), Number(total), part.length]),
    [
      [0, 1_300_000, 524_288],
      [524_288, 1_300_000, 524_288],
      [1_048_576, 1_300_000, 251_424],
    ],
  );
  t.deepEqual(Buffer.concat(chunks.map(({ data: part }) => part)), Buffer.from(data));
  const kinds = messages.map(({ event }) => event?.$case);
  t.true(kinds.lastIndexOf('chunk') < kinds.indexOf('result'));
});

test('progress at every step of a quick run, and the deadline, the run id and the trace reach the host', async (t) => {
  let call: LaneCall<AttackJob> | undefined;
  const { client } = await toyGateway(t, {
    async *attack(made) {
      call = made;
      yield toySummary(1);
    },
  });
  const before = performance.now();
  await collectAttack(client.attack(request, { timeoutMs: 60_000 }));
  t.regex(call?.options.runId ?? '', /^[A-Za-z0-9-]+\.[0-9a-f-]{36}$/);
  const leftMs = (call?.options.deadlineMs ?? 0) - before;
  t.true(leftMs > 55_000 && leftMs < 61_000, `got ${leftMs}`);
  t.is(call?.job.progressEverySteps, 1);
});

test('a client that leaves aborts the run, and the place is free again', async (t) => {
  const stopped = gate();
  const { client } = await toyGateway(
    t,
    {
      async *attack({ job, options: { signal } }) {
        if (job.spec.parameters.steps === 1) {
          yield toySummary(1);
          return;
        }
        yield toyProgress(1, 3);
        await aborted(signal);
        stopped.open();
        signal.throwIfAborted();
      },
    },
    { config: { limits: { runs: 1, queue: 1 } } },
  );
  for await (const event of client.attack(request)) if (event.$case === 'progress') break;
  await stopped.opened;
  const { summary } = await collectAttack(client.attack({ ...request, attack: { name: 'pgd', steps: 1 } }));
  t.is(summary.exampleCount, 1);
});

test('a host that dies in the middle of a run is an error with a time to retry, after the results that came', async (t) => {
  const { client } = await toyGateway(t, {
    async *attack() {
      yield toyResult('a');
      throw new EngineError('HOST_UNAVAILABLE', 'expected a host, got none', { retryAfterMs: 750 });
    },
  });
  const kinds: string[] = [];
  const error = await t.throwsAsync<RobustgateError>(async () => {
    for await (const { $case } of client.attack(request)) kinds.push($case);
  });
  t.deepEqual(kinds, ['started', 'result']);
  t.like(error, { code: 'HOST_UNAVAILABLE', statusName: 'UNAVAILABLE', retryAfterMs: 750 });
});

test('what a host throws by mistake is told to the log and not to the client', async (t) => {
  const { client, logged } = await toyGateway(t, {
    // biome-ignore lint/correctness/useYield: it fails before
    async *attack() {
      throw new TypeError('secret');
    },
  });
  const error = await t.throwsAsync<RobustgateError>(collectAttack(client.attack(request)));
  t.like(error, { code: 'INTERNAL', message: 'internal error' });
  const [line] = logged.filter(({ level }) => level === 'error');
  t.like(line?.fields['error'], { message: 'secret' });
});

test('one run more than may wait is refused before it says started, and waiting ones are told their place at once', async (t) => {
  const release = gate();
  const { client } = await toyGateway(
    t,
    {
      async *attack() {
        await release.opened;
        yield toySummary(1);
      },
    },
    { config: { limits: { runs: 1, queue: 2 } } },
  );
  const positions: number[][] = [[], [], []];
  const waits = [gate(), gate(), gate()];
  const runs: Promise<void>[] = [];
  for (const [i, own] of positions.entries()) {
    runs.push(
      (async () => {
        for await (const event of client.attack(request)) {
          if (event.$case === 'started' && i === 0) waits[i]?.open();
          if (event.$case !== 'progress') continue;
          own.push(event.value.queuePosition);
          waits[i]?.open();
        }
      })(),
    );
    await waits[i]?.opened;
  }
  const heard: string[] = [];
  const error = await t.throwsAsync<RobustgateError>(async () => {
    for await (const { $case } of client.attack(request)) heard.push($case);
  });
  t.deepEqual(heard, []);
  t.like(error, { code: 'QUEUE_FULL', statusName: 'RESOURCE_EXHAUSTED', retryAfterMs: 2000 });
  release.open();
  await Promise.all(runs);
  t.deepEqual(positions[1]?.slice(0, 1), [1]);
  t.deepEqual(positions[2]?.slice(0, 2), [2, 1]);
});

test('a model in quarantine is refused before the run begins', async (t) => {
  const { client } = await toyGateway(t, { quarantineReason: () => 'its hosts keep dying' });
  const heard: string[] = [];
  const error = await t.throwsAsync<RobustgateError>(async () => {
    for await (const { $case } of client.attack(request)) heard.push($case);
  });
  t.deepEqual(heard, []);
  t.like(error, { code: 'MODEL_QUARANTINED', statusName: 'FAILED_PRECONDITION' });
});

test('a call that the full queue turns away takes nothing off the quota of its caller', async (t) => {
  const end = gate();
  const { client } = await toyGateway(
    t,
    {
      async *attack() {
        await end.opened;
        yield toySummary(1);
      },
    },
    { config: { limits: { runs: 1, queue: 0 }, quotas: { default: { imageStepsPerMinute: 6, burstImageSteps: 6 } } } },
  );
  const three = { modelName: 'toy', examples: [toyExample(5)], attack: { name: 'pgd', steps: 3 } };
  const begun = gate();
  const first = (async () => {
    for await (const { $case } of client.attack(three)) if ($case === 'started') begun.open();
  })();
  await begun.opened;
  t.like(await t.throwsAsync(collectAttack(client.attack(three))), { code: 'QUEUE_FULL' });
  end.open();
  await first;
  await t.notThrowsAsync(collectAttack(client.attack(three)));
  t.like(await t.throwsAsync(collectAttack(client.attack(three))), { code: 'QUOTA_EXCEEDED' });
});

test('what would not fit the memory is refused at once, although others wait before it, and takes no place', async (t) => {
  const [begun, release] = [gate(), gate()];
  const asked: unknown[] = [];
  const { client } = await toyGateway(
    t,
    {
      requireMemory: async ({ job }) => {
        asked.push(job);
        if (job.batchSize === 16) throw new EngineError('MEMORY_BUDGET_EXCEEDED', 'expected 1 MiB, got 2 MiB');
      },
      async *attack() {
        begun.open();
        await release.opened;
        yield toySummary(0);
      },
    },
    { config: { limits: { runs: 1, queue: 1 } } },
  );
  const running = collectAttack(client.attack({ ...request, batchSize: 1 }));
  await begun.opened;
  const told: string[] = [];
  const error = await t.throwsAsync<RobustgateError>(async () => {
    for await (const { $case } of client.attack({ ...request, batchSize: 16 })) told.push($case);
  });
  t.like(error, { code: 'MEMORY_BUDGET_EXCEEDED', statusName: 'RESOURCE_EXHAUSTED' });
  t.deepEqual(told, [], 'it was never admitted');
  const waiting = collectAttack(client.attack({ ...request, attack: { name: 'square', steps: 3 } }));
  release.open();
  await Promise.all([running, waiting]);
  const shapes = [[3, 2, 2]];
  t.deepEqual(
    asked,
    [1, 16].map((batchSize) => ({ shapes, batchSize })),
    'square needs no gradient',
  );
});

test('a run whose host does not say whether it fits is not kept waiting for that', async (t) => {
  const { client } = await toyGateway(t, { requireMemory: ({ options }) => aborted(options.signal) });
  const { results } = await collectAttack(client.attack(request));
  t.is(results.length, 2);
});

test('whatever else a host says then is left to the run', async (t) => {
  const { client } = await toyGateway(t, {
    requireMemory: () => Promise.reject(new EngineError('HOST_UNAVAILABLE', 'expected a host that is up')),
  });
  const { results } = await collectAttack(client.attack(request));
  t.is(results.length, 2);
});
