import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  attackEventsOf,
  type Client,
  collectAttack,
  connect,
  type RobustgateError,
  type Run,
  RunKind,
  RunState,
  TerminatedBy,
} from '../../../src/clients/index.js';
import { EngineError, type Payload } from '../../../src/engine/index.js';
import { openDatabase } from '../../../src/server/store/database.js';
import { MIGRATIONS } from '../../../src/server/store/migrations/index.js';
import { aborted, gate, until } from '../../support/gate.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { toyExample, toyGateway } from '../../support/toy-gateway.js';
import { type HostScript, toyProgress, toyResult, toySummary } from '../../support/toy-hosts.js';

const request = {
  modelName: 'toy',
  examples: [toyExample(7, 'a'), toyExample(9, 'b')],
  attack: { name: 'pgd', steps: 3, epsilon: 2 },
};

/** A client of its own, with a connection of its own. */
function another(t: ExecutionContext, address: string): Client {
  const client = connect(address);
  t.teardown(() => client.close());
  return client;
}

/** Begins a run and leaves it at its first message. */
async function begun(client: Client, change: object): Promise<string> {
  for await (const event of client.attack({ ...request, ...change })) {
    if (event.$case === 'started') return event.value.runId;
  }
  throw new Error('expected started');
}

async function stateOf(client: Client, runId: string): Promise<Run> {
  const { run } = await client.getRun({ runId });
  if (run === undefined) throw new Error('expected a run');
  return run;
}

const watched = (client: Client, runId: string) => collectAttack(attackEventsOf(client.watchRun({ runId })));

/** An attack whose parts come when the test says so. */
function gated(): {
  readonly script: HostScript;
  readonly half: ReturnType<typeof gate>;
  readonly rest: ReturnType<typeof gate>;
  starts(): number;
} {
  const [half, rest] = [gate(), gate()];
  let starts = 0;
  const script: HostScript = {
    async *attack({ options: { signal } }) {
      starts++;
      yield toyProgress(1, 3);
      await Promise.race([half.opened, aborted(signal)]);
      signal.throwIfAborted();
      yield toyResult('a');
      yield toyProgress(2, 3);
      await Promise.race([rest.opened, aborted(signal)]);
      signal.throwIfAborted();
      yield toyResult('b');
      yield toySummary(2);
    },
  };
  return { script, half, rest, starts: () => starts };
}

test('every run is remembered: what it was, how it went and when', async (t) => {
  const { client } = await toyGateway(t, {}, { config: { replica: 'gateway-0' } });
  const before = Date.now();
  const { started, summary } = await collectAttack(client.attack(request));
  t.is(summary.runId, started.runId);
  const run = await stateOf(client, started.runId);
  t.like(run, {
    id: started.runId,
    kind: RunKind.ATTACK,
    state: RunState.COMPLETED,
    modelName: 'toy',
    modelVersion: '1',
    modelSha256: 'sha of 1',
    specText: started.specText,
    principal: '',
    requestId: '',
    detached: false,
    resultsKept: false,
    terminatedBy: TerminatedBy.COMPLETED,
    examplesDone: 2,
    examplesTotal: 2,
    errorCode: '',
    errorMessage: '',
  });
  t.regex(run.id, /^gateway-0\.[0-9a-f-]{36}$/);
  const times = [before, run.createdMs, run.startedMs, run.finishedMs, Date.now()].map(Number);
  t.deepEqual(
    times,
    times.toSorted((left, right) => left - right),
  );
  const error = await t.throwsAsync<RobustgateError>(watched(client, run.id));
  t.like(error, { code: 'RESULTS_NOT_KEPT', statusName: 'FAILED_PRECONDITION' });
});

test('a measurement of gradients is remembered and watched too', async (t) => {
  const { client } = await toyGateway(t);
  const direct = [];
  const ask = { modelName: 'toy', examples: [toyExample(1)], tasks: [{ task: 'scene' }], requestId: 'g' };
  for await (const event of client.gradientNorm(ask)) if (event.$case !== 'progress') direct.push(event);
  const [started] = direct;
  if (started?.$case !== 'started') return t.fail();
  const run = await stateOf(client, started.value.runId);
  t.like(run, { kind: RunKind.GRADIENT_NORM, state: RunState.COMPLETED, examplesDone: 1, examplesTotal: 1 });
  t.is(run.specText, 'gradient-norm(scene)');
  const seen = [];
  for await (const event of client.watchRun({ runId: run.id })) seen.push(event);
  t.deepEqual(seen, direct.map((event) => ({ $case: 'gradientNorm', value: { event } })) as typeof seen);
  await t.throwsAsync(watched(client, run.id), { message: /expected an attack, got a measurement/ });
});

test('a detached run outlives its client, and another one sees all of it, payloads included', async (t) => {
  const { half, rest, script } = gated();
  const data = Uint8Array.from({ length: 1_300_000 }, (_, i) => i % 251);
  const payload: Payload = {
    field: 'label-maps',
    task: 'scene',
    condition: 'clean',
    tensor: { datatype: 'UINT8', shape: [data.length], data },
  };
  const { client, gateway } = await toyGateway(t, {
    async *attack(call) {
      for await (const event of script.attack?.(call) ?? []) {
        yield event.type === 'result' ? toyResult(event.result.key, [payload]) : event;
      }
    },
  });
  const runId = await begun(client, { detach: true });
  half.open();
  const other = another(t, gateway.grpcAddress);
  const kinds: string[] = [];
  const seen = collectAttack(
    (async function* () {
      for await (const event of attackEventsOf(other.watchRun({ runId }))) {
        if (event.$case !== 'chunk') kinds.push(event.$case);
        if (event.$case === 'result' && event.value.exampleKey === 'a') {
          t.like(await stateOf(client, runId), {
            state: RunState.RUNNING,
            examplesDone: 1,
            detached: true,
            resultsKept: true,
          });
          rest.open();
        }
        yield event;
      }
    })(),
  );
  const { results } = await seen;
  t.deepEqual(
    kinds.filter((kind) => kind !== 'progress'),
    ['started', 'result', 'result', 'summary'],
  );
  t.deepEqual(
    results.map(({ result }) => result.exampleKey),
    ['a', 'b'],
  );
  for (const { payloads } of results) t.deepEqual(Buffer.from(payloads[0]?.data ?? []), Buffer.from(data));
  t.deepEqual(await watched(other, runId), await seen, 'what is told once more is the same');
  t.is((await stateOf(client, runId)).state, RunState.COMPLETED);
});

test('a watcher that comes late is told the newest progress, and what it missed of the rest', async (t) => {
  const { half, rest, script } = gated();
  const { client } = await toyGateway(t, script);
  const runId = await begun(client, { detach: true });
  half.open();
  const heard: string[] = [];
  for await (const event of attackEventsOf(client.watchRun({ runId }))) {
    heard.push(event.$case === 'progress' ? `step ${event.value.step}` : event.$case);
    if (event.$case === 'progress' && event.value.step === 2) rest.open();
  }
  t.deepEqual(heard.slice(-4), ['result', 'step 2', 'result', 'summary']);
  t.is(heard[0], 'started');
});

test('a watcher that reads nothing holds neither the run nor others up', async (t) => {
  const count = 60;
  const data = new Uint8Array(400_000).fill(7);
  const payload: Payload = {
    field: 'label-maps',
    task: 'scene',
    condition: 'clean',
    tensor: { datatype: 'UINT8', shape: [data.length], data },
  };
  const go = gate();
  const { client, gateway } = await toyGateway(t, {
    async *attack() {
      await go.opened;
      for (let i = 0; i < count; i++) yield toyResult(`${i}`, [payload]);
      yield toySummary(count);
    },
  });
  const runId = await begun(client, { detach: true });
  const slow = another(t, gateway.grpcAddress).watchRun({ runId });
  const first = await slow.next();
  t.is(first.value?.$case, 'attack');
  go.open();
  t.is((await watched(client, runId)).results.length, count);
  t.is((await stateOf(client, runId)).state, RunState.COMPLETED);
  const rest = await collectAttack(
    attackEventsOf(
      (async function* () {
        yield first.value;
        yield* slow;
      })(),
    ),
  );
  t.is(rest.results.length, count, 'and it misses nothing');
});

test('a request id that comes again attaches while the run goes on, and replays it afterwards', async (t) => {
  const { half, rest, script, starts } = gated();
  const { client, gateway } = await toyGateway(t, script);
  const ask = { ...request, requestId: 'nightly 7' };
  const direct = collectAttack(client.attack(ask));
  await until(() => starts() === 1);
  const second = collectAttack(another(t, gateway.grpcAddress).attack(ask));
  half.open();
  rest.open();
  const run = await direct;
  t.deepEqual(await second, run);
  t.deepEqual(await collectAttack(client.attack({ ...ask, detach: true })), run);
  t.deepEqual(await watched(client, run.started.runId), run);
  t.is(starts(), 1);
  t.like(await stateOf(client, run.started.runId), { requestId: 'nightly 7', detached: false, resultsKept: true });
});

test('two that come at once under one request id are one run', async (t) => {
  const { half, rest, script, starts } = gated();
  const { client } = await toyGateway(t, script);
  half.open();
  rest.open();
  const [first, second] = await Promise.all(
    [1, 2].map(() => collectAttack(client.attack({ ...request, requestId: 'r' }))),
  );
  t.deepEqual(first, second);
  t.is(starts(), 1);
});

test('a request id stands for one request for ever', async (t) => {
  const { half, rest, script, starts } = gated();
  const { client } = await toyGateway(t, script);
  const running = collectAttack(client.attack({ ...request, requestId: 'r' }));
  await until(() => starts() === 1);
  const reuse = () => collectAttack(client.attack({ ...request, requestId: 'r', seed: 1n }));
  const like = { code: 'REQUEST_ID_REUSED', statusName: 'ALREADY_EXISTS' };
  t.like(await t.throwsAsync<RobustgateError>(reuse()), like);
  half.open();
  rest.open();
  await running;
  t.like(await t.throwsAsync<RobustgateError>(reuse()), like);
  const gradient = client.gradientNorm({ ...request, requestId: 'r' } as never);
  t.like(await t.throwsAsync<RobustgateError>(gradient.next()), like);
  t.is(starts(), 1);
});

for (const requestId of ['', 'x'.repeat(129), 'a\nb', 'ä']) {
  test(`${JSON.stringify(requestId.slice(0, 5))} of length ${requestId.length} is no request id`, async (t) => {
    const { client } = await toyGateway(t);
    const error = await t.throwsAsync<RobustgateError>(collectAttack(client.attack({ ...request, requestId })));
    t.is(error?.code, 'INVALID_REQUEST');
    t.is(error?.violations[0]?.field, 'request_id');
  });
}

test('a client that goes and comes back under its request id gets everything once, from a run of its own', async (t) => {
  const { half, rest, script, starts } = gated();
  const { client } = await toyGateway(t, script);
  half.open();
  for await (const event of client.attack({ ...request, requestId: 'r' })) if (event.$case === 'result') break;
  await until(async () => (await client.listRuns({ state: RunState.CANCELLED })).runs.length === 1);
  rest.open();
  const { results, started } = await collectAttack(client.attack({ ...request, requestId: 'r' }));
  t.deepEqual(
    results.map(({ result }) => result.exampleKey),
    ['a', 'b'],
  );
  const { runs } = await client.listRuns();
  t.deepEqual(
    runs.map(({ id, state }) => [id === started.runId, state]),
    [
      [true, RunState.COMPLETED],
      [false, RunState.CANCELLED],
    ],
  );
  t.is(starts(), 2);
});

test('a run ends with its last reader, and not before', async (t) => {
  const { half, script } = gated();
  const { client, gateway } = await toyGateway(t, script);
  const first = client.attack({ ...request, requestId: 'r' });
  const { value } = await first.next();
  if (value?.$case !== 'started') return t.fail();
  const { runId } = value.value;
  const second = another(t, gateway.grpcAddress).watchRun({ runId });
  await second.next();
  await first.return?.();
  half.open();
  for await (const event of attackEventsOf(second)) if (event.$case === 'result') break;
  await until(async () => (await stateOf(client, runId)).state === RunState.CANCELLED);
  t.like(await stateOf(client, runId), { errorCode: 'CANCELLED', examplesDone: 1 });
  await t.throwsAsync(watched(client, runId), { message: /expected a reader/ });
});

test('who asks for an id with detach keeps a run that was not detached', async (t) => {
  const { half, rest, script, starts } = gated();
  const { client } = await toyGateway(t, script);
  const first = client.attack({ ...request, requestId: 'r' });
  await first.next();
  const runId = await begun(client, { requestId: 'r', detach: true });
  await first.return?.();
  half.open();
  rest.open();
  t.is((await watched(client, runId)).results.length, 2);
  t.is(starts(), 1);
  t.true((await stateOf(client, runId)).detached);
});

test('a detached run has a deadline of its own', async (t) => {
  let leftMs = 0;
  const { client } = await toyGateway(
    t,
    {
      async *attack({ options: { deadlineMs = 0 } }) {
        leftMs = deadlineMs - performance.now();
        yield toySummary(0);
      },
    },
    { config: { limits: { runSeconds: 1000 } } },
  );
  await collectAttack(client.attack({ ...request, detach: true }, { timeoutMs: 30_000 }));
  t.true(leftMs > 900_000 && leftMs <= 1_000_000, `got ${leftMs}`);
  await collectAttack(client.attack({ ...request, requestId: 'r' }, { timeoutMs: 30_000 }));
  t.true(leftMs > 20_000 && leftMs <= 30_000, `got ${leftMs}`);
});

for (const [what, change] of [
  ['attached', {}],
  ['kept', { requestId: 'r' }],
  ['detached', { detach: true }],
] as const) {
  test(`a run that is ${what} ends when it is cancelled, and its reader is told`, async (t) => {
    const { half, script } = gated();
    const stopped = gate();
    const { client } = await toyGateway(t, {
      async *attack(call) {
        void aborted(call.options.signal).then(() => stopped.open());
        yield* script.attack?.(call) ?? [];
      },
    });
    half.open();
    const kinds: string[] = [];
    let runId = '';
    const error = await t.throwsAsync<RobustgateError>(async () => {
      for await (const event of client.attack({ ...request, ...change })) {
        if (event.$case === 'started') runId = event.value.runId;
        if (event.$case !== 'progress') kinds.push(event.$case);
        if (event.$case !== 'result') continue;
        const { run } = await client.cancelRun({ runId });
        t.like(run, { state: RunState.CANCELLED, examplesDone: 1, errorCode: 'CANCELLED' });
      }
    });
    t.deepEqual(kinds, ['started', 'result']);
    t.like(error, { code: 'CANCELLED', statusName: 'CANCELLED' });
    t.regex(error?.message ?? '', /was cancelled/);
    await stopped.opened;
    const again = await client.cancelRun({ runId });
    t.is(again.run?.state, RunState.CANCELLED);
  });
}

test('a run that waits is told as queued, and is cancelled without having begun', async (t) => {
  const { half, rest, script, starts } = gated();
  const { client } = await toyGateway(t, script, { config: { limits: { runs: 1, queue: 1 } } });
  const first = await begun(client, { detach: true });
  const waiting = await begun(client, { detach: true });
  t.like(await stateOf(client, waiting), { state: RunState.QUEUED, startedMs: undefined });
  const { run } = await client.cancelRun({ runId: waiting });
  t.like(run, { state: RunState.CANCELLED, startedMs: undefined, examplesDone: 0 });
  const third = await begun(client, { detach: true });
  half.open();
  rest.open();
  await watched(client, third);
  t.is(starts(), 2);
  t.is((await stateOf(client, first)).state, RunState.COMPLETED);
  const { startedMs = 0n, createdMs } = await stateOf(client, third);
  t.true(startedMs >= createdMs);
});

test('a run that fails ends every reader with its error after the results that came, also later', async (t) => {
  let starts = 0;
  const { client } = await toyGateway(t, {
    async *attack() {
      starts++;
      yield toyResult('a');
      if (starts === 1) throw new EngineError('HOST_UNAVAILABLE', 'expected a host, got none', { retryAfterMs: 750 });
      yield toySummary(1);
    },
  });
  const ask = { ...request, requestId: 'r' };
  const kinds: string[] = [];
  const error = await t.throwsAsync<RobustgateError>(async () => {
    for await (const { $case } of client.attack(ask)) kinds.push($case);
  });
  t.deepEqual(kinds, ['started', 'result']);
  t.like(error, { code: 'HOST_UNAVAILABLE', retryAfterMs: 750 });
  const { runs } = await client.listRuns({ state: RunState.FAILED });
  t.is(runs.length, 1);
  const [run] = runs;
  t.like(run, { errorCode: 'HOST_UNAVAILABLE', errorMessage: 'expected a host, got none', examplesDone: 1 });
  kinds.length = 0;
  const later = await t.throwsAsync<RobustgateError>(async () => {
    for await (const { $case } of attackEventsOf(client.watchRun({ runId: run?.id ?? '' }))) kinds.push($case);
  });
  t.deepEqual(kinds, ['started', 'result']);
  t.is(later?.code, 'HOST_UNAVAILABLE');
  t.is((await collectAttack(client.attack(ask))).results.length, 1, 'under its id it is begun anew');
});

test('what a run throws by mistake is not told in its row', async (t) => {
  const { client, logged } = await toyGateway(t, {
    // biome-ignore lint/correctness/useYield: it fails before
    async *attack() {
      throw new TypeError('secret');
    },
  });
  const runId = await begun(client, { detach: true });
  await until(async () => (await stateOf(client, runId)).state === RunState.FAILED);
  t.like(await stateOf(client, runId), { errorCode: 'INTERNAL', errorMessage: 'internal error' });
  const line = logged.find(({ message }) => message === 'a run failed');
  t.like(line?.fields['error'], { message: 'secret' });
});

test('a run that is refused leaves no row, and its id is free', async (t) => {
  const { client } = await toyGateway(t);
  const wrong = { ...request, attack: { name: 'pgd', steps: 0 }, requestId: 'r' };
  t.is((await t.throwsAsync<RobustgateError>(collectAttack(client.attack(wrong))))?.code, 'INVALID_REQUEST');
  t.deepEqual((await client.listRuns()).runs, []);
  t.is((await collectAttack(client.attack({ ...request, requestId: 'r' }))).results.length, 2);
});

test('results beyond all room end their run, and those of ended runs make room before', async (t) => {
  const data = new Uint8Array(5000);
  const payload: Payload = {
    field: 'label-maps',
    task: 'scene',
    condition: 'clean',
    tensor: { datatype: 'UINT8', shape: [data.length], data },
  };
  const { client } = await toyGateway(
    t,
    {
      async *attack({ job }) {
        for (let i = 0; i < job.spec.parameters.steps; i++) yield toyResult(`${i}`, [payload]);
        yield toySummary(1);
      },
    },
    { config: { history: { resultBytes: 14_000 } } },
  );
  const run = (requestId: string, steps: number) =>
    collectAttack(client.attack({ ...request, attack: { name: 'pgd', steps }, requestId }));
  const first = await run('small', 1);
  await run('medium', 2);
  const error = await t.throwsAsync<RobustgateError>(run('large', 3));
  t.like(error, { code: 'STORE_FULL', statusName: 'RESOURCE_EXHAUSTED' });
  t.like(await stateOf(client, first.started.runId), { state: RunState.COMPLETED, resultsKept: false });
  const replay = await t.throwsAsync<RobustgateError>(run('small', 1));
  t.is(replay?.code, 'RESULTS_NOT_KEPT', 'what was done is not done again without a word');
});

test('runs are listed from the newest on, in pages that new runs do not move', async (t) => {
  const { client } = await toyGateway(t, {}, { models: ['toy', 'bgr'] });
  const ids: string[] = [];
  for (const modelName of ['toy', 'bgr', 'toy', 'toy', 'toy']) {
    const { started } = await collectAttack(client.attack({ ...request, modelName }));
    ids.unshift(started.runId);
  }
  const first = await client.listRuns({ pageSize: 2 });
  await collectAttack(client.attack(request));
  const second = await client.listRuns({ pageSize: 2, pageToken: first.nextPageToken });
  const third = await client.listRuns({ pageSize: 2, pageToken: second.nextPageToken });
  t.deepEqual(
    [first, second, third].flatMap(({ runs }) => runs.map(({ id }) => id)),
    ids,
  );
  t.is(third.nextPageToken, '');
  t.is((await client.listRuns({ modelName: 'bgr' })).runs.length, 1);
  t.is((await client.listRuns({ modelName: 'toy', state: RunState.COMPLETED })).runs.length, 5);
  t.is((await client.listRuns({ state: RunState.FAILED })).runs.length, 0);
  for (const [ask, field] of [
    [{ pageSize: 0 }, 'page_size'],
    [{ pageSize: 1001 }, 'page_size'],
    [{ pageToken: 'nonsense' }, 'page_token'],
    [{ pageToken: first.nextPageToken, modelName: 'toy' }, 'page_token'],
    [{ state: 17 as never }, 'state'],
  ] as const) {
    const error = await t.throwsAsync<RobustgateError>(client.listRuns(ask));
    t.is(error?.violations[0]?.field, field);
  }
});

test('a run that nobody knows is not found, and one of another replica is asked for there', async (t) => {
  const owner = await toyGateway(t, {}, { config: { replica: 'localhost' } });
  const port = owner.gateway.grpcAddress.split(':').at(-1);
  const advertisedAddress = `{replica}:${port}`;
  const { client, gateway } = await toyGateway(t, {}, { config: { replica: 'b', advertisedAddress } });
  const runId = await begun(owner.client, { detach: true });
  await watched(owner.client, runId);
  t.is((await stateOf(client, runId)).id, runId);
  t.is((await client.cancelRun({ runId })).run?.state, RunState.COMPLETED);
  t.is((await watched(client, runId)).results.length, 2);
  const gone = runId.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
  for (const ask of [
    client.getRun({ runId: gone }),
    client.getRun({ runId: gone.replace('localhost', 'b') }),
    watched(client, gone),
    client.cancelRun({ runId: 'nonsense' }),
  ]) {
    t.like(await t.throwsAsync<RobustgateError>(ask), { code: 'RUN_NOT_FOUND', statusName: 'NOT_FOUND' });
  }
  const silent = await toyGateway(t, {}, { config: { replica: 'c' } });
  const error = await t.throwsAsync<RobustgateError>(silent.client.getRun({ runId }));
  t.like(error, { code: 'WRONG_REPLICA', statusName: 'FAILED_PRECONDITION' });
  t.deepEqual(error?.metadata, { run: runId, replica: 'localhost' });
  t.truthy(gateway);
});

test('a gateway that starts again replays what was completed, and tells what it interrupted', async (t) => {
  const stateDirectory = await temporaryFolder(t);
  const config = { stateDirectory, replica: 'gateway-0' };
  const { half, rest, script } = gated();
  const before = await toyGateway(t, script, { config });
  half.open();
  const interrupted = await begun(before.client, { detach: true });
  for await (const event of attackEventsOf(before.client.watchRun({ runId: interrupted })))
    if (event.$case === 'result') break;
  const other = await toyGateway(t, {}, { config: { ...config, stateDirectory: await temporaryFolder(t) } });
  await before.gateway.close();
  const after = await toyGateway(t, {}, { config });
  t.like(await stateOf(after.client, interrupted), { state: RunState.FAILED, errorCode: 'DRAINING', examplesDone: 1 });
  const kinds: string[] = [];
  const error = await t.throwsAsync<RobustgateError>(async () => {
    for await (const { $case } of attackEventsOf(after.client.watchRun({ runId: interrupted }))) kinds.push($case);
  });
  t.deepEqual(kinds, ['started', 'result']);
  t.is(error?.code, 'DRAINING');
  const run = await collectAttack(after.client.attack({ ...request, requestId: 'r' }));
  await after.gateway.close();
  const last = await toyGateway(
    t,
    {
      attack: () => {
        throw new Error('computed again');
      },
    },
    { config },
  );
  t.deepEqual(await collectAttack(last.client.attack({ ...request, requestId: 'r' })), run);
  t.deepEqual(await watched(last.client, run.started.runId), run);
  t.is((await last.client.listRuns()).runs.length, 2);
  t.is((await other.client.listRuns()).runs.length, 0);
  rest.open();
});

test('a drain waits for detached runs, and stores how they ended', async (t) => {
  const drained = gate();
  const begunGate = gate();
  const stateDirectory = await temporaryFolder(t);
  const { client, gateway } = await toyGateway(
    t,
    {
      drain: () => drained.open(),
      async *attack() {
        begunGate.open();
        await drained.opened;
        yield toyResult('a');
        yield toySummary(1);
      },
    },
    { config: { stateDirectory } },
  );
  const runId = await begun(client, { detach: true });
  await begunGate.opened;
  await gateway.drain();
  await gateway.close();
  const { client: after } = await toyGateway(t, {}, { config: { stateDirectory } });
  t.is((await watched(after, runId)).results.length, 1);
});

test('a history that cannot be written refuses runs, ends those that it should keep, and leaves predictions alone', async (t) => {
  const stateDirectory = await temporaryFolder(t);
  const { half, rest, script } = gated();
  const { client, gateway } = await toyGateway(t, script, { config: { stateDirectory } });
  const running = client.attack({ ...request, requestId: 'r' });
  await running.next();
  const database = await openDatabase(join(stateDirectory, 'history.db'), MIGRATIONS);
  database.run('DROP TABLE run_messages');
  half.open();
  rest.open();
  const like = { code: 'STORE_UNAVAILABLE', statusName: 'UNAVAILABLE' };
  t.like(await t.throwsAsync<RobustgateError>(collectAttack(running)), like);
  const { runs } = await client.listRuns();
  t.like(runs[0], { state: RunState.FAILED, errorCode: 'STORE_UNAVAILABLE', examplesDone: 0 });
  database.run('DROP TABLE runs');
  t.like(await t.throwsAsync<RobustgateError>(collectAttack(client.attack(request))), like);
  t.is((await client.predict({ modelName: 'toy', examples: [toyExample(1)] })).predictions.length, 1);
  database.close();
  await gateway.close();
});
