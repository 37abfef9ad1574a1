import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import test from 'ava';
import {
  type Client,
  connect,
  type ProbeEvent,
  type ProbeRun,
  ProbeState,
  ProbeTrigger,
  ProbeVerdict,
  type RobustgateError,
} from '../../../src/clients/index.js';
import { ProbeServiceClient } from '../../../src/contract/robustgate/v1/probe_service.js';
import { finishedRun, probed } from '../../support/finished-runs.js';
import { gatewayWithRuns } from '../../support/probing-gateway.js';
import { toyGateway } from '../../support/toy-gateway.js';

const idsOf = (runs: readonly ProbeRun[]): string => runs.map(({ runId }) => runId).join(' ');

async function take(
  client: Client,
  count: number,
  request: Parameters<Client['watchProbeRuns']>[0],
): Promise<ProbeRun[]> {
  const runs: ProbeRun[] = [];
  for await (const run of client.watchProbeRuns(request)) if (runs.push(run) === count) break;
  return runs;
}

async function events(client: Client, request: Parameters<Client['runProbe']>[0]): Promise<ProbeEvent[]> {
  const all: ProbeEvent[] = [];
  for await (const event of client.runProbe(request)) all.push(event);
  return all;
}

const some = ['a', 'b', 'c', 'd', 'e'].map((runId) => finishedRun(runId));

test('a probe is listed with its next time, its models and its last runs', async (t) => {
  const { client } = await gatewayWithRuns(t, some);
  const { probes } = await client.listProbes();
  t.is(probes.length, 1);
  t.like(probes[0], {
    name: 'nightly',
    schedule: '0 0 29 2 *',
    timeZone: 'UTC',
    dataset: 'gone',
    examples: 64,
    attacks: ['pgd(steps=50,eps=4)'],
    models: ['toy'],
    state: ProbeState.IDLE,
    skipped: 0n,
    current: [],
  });
  t.is(idsOf(probes[0]?.lastRuns ?? []), 'e');
  const next = new Date(Number(probes[0]?.nextRunMs));
  t.deepEqual([next.getUTCMonth(), next.getUTCDate()], [1, 29]);
});

test('runs come the newest first, in pages that new runs do not move', async (t) => {
  const { client } = await gatewayWithRuns(t, some);
  const first = await client.listProbeRuns({ pageSize: 2 });
  t.is(idsOf(first.runs), 'e d');
  await events(client, { probe: 'nightly' });
  const second = await client.listProbeRuns({ pageSize: 3, pageToken: first.nextPageToken });
  t.is(idsOf(second.runs), 'c b a');
  t.is(second.nextPageToken, '');
});

test('runs are found by probe, model and verdict', async (t) => {
  const { client } = await gatewayWithRuns(t, [
    finishedRun('a'),
    finishedRun('b', { probe: 'hourly' }),
    finishedRun('c', { model: probed('1', 'other') }),
    finishedRun('d', { verdict: 'suspect' }),
  ]);
  const found = async (request: object) => idsOf((await client.listProbeRuns(request)).runs);
  t.is(await found({ probe: 'nightly' }), 'd c a');
  t.is(await found({ modelName: 'toy' }), 'd b a');
  t.is(await found({ verdict: ProbeVerdict.SUSPECT }), 'd');
  t.is((await client.getProbeRun({ runId: 'c' })).run?.modelName, 'other');
});

test('a run is told with all that is known of it', async (t) => {
  const figures = {
    spec: 'pgd(steps=50,eps=4)@sum(scene=1)',
    attack: 'pgd',
    objective: 'sum(scene=1)',
    epsilon: 4,
    examples: 9,
    broken: 3,
    verdict: 'suspect' as const,
    doubts: [{ reason: 'ZERO_GRADIENT', message: 'all are 0' }],
    worst: ['x'],
    tasks: [
      {
        task: 'scene',
        attacked: true,
        metric: 'accuracy',
        unit: '',
        higherIsBetter: true,
        examples: 9,
        clean: { value: 1, lower: 0.9, upper: 1 },
        adversarial: { value: 0 },
        broken: 0,
      },
    ],
  };
  const doubts = [{ reason: 'ZERO_GRADIENT', message: 'all are 0' }];
  const gradients = { tasks: [{ task: 'scene', meanL2: 0.25 }], theorem1Factor: 0.5 };
  const change = { trigger: 'catch-up', verdict: 'suspect', reason: 'ZERO_GRADIENT', attacks: [figures] } as const;
  const { client } = await gatewayWithRuns(t, [finishedRun('a', { ...change, doubts, gradients })]);
  const { run } = await client.getProbeRun({ runId: 'a' });
  t.like(run, {
    probe: 'nightly',
    trigger: ProbeTrigger.CATCH_UP,
    modelName: 'toy',
    modelVersion: '1',
    modelSha256: 'sha of 1',
    startedMs: 1000n,
    finishedMs: 2000n,
    verdict: ProbeVerdict.SUSPECT,
    doubts,
    imageSteps: 50n,
    gradients,
  });
  const [attack] = run?.attacks ?? [];
  t.like(attack, { spec: figures.spec, epsilon: 4, broken: 3, doubts, worst: ['x'] });
  const [task] = attack?.tasks ?? [];
  t.like(task, { task: 'scene', broken: 0, cleanBroken: undefined, adversarial8bit: undefined });
  t.like(task?.clean, { value: 1, lower: 0.9, upper: 1 });
  t.like(task?.adversarial, { value: 0, lower: undefined });
});

for (const [field, request] of [
  ['page_size', { pageSize: 0 }],
  ['page_size', { pageSize: 1001 }],
  ['page_token', { pageToken: 'next' }],
  ['verdict', { verdict: 9 as never }],
] as const) {
  test(`a list of ${JSON.stringify(request)} is refused`, async (t) => {
    const { client } = await gatewayWithRuns(t, []);
    const error = await t.throwsAsync<RobustgateError>(client.listProbeRuns(request));
    t.deepEqual([error?.code, error?.violations[0]?.field], ['INVALID_REQUEST', field]);
  });
}

test('the token of a page stands for its filters', async (t) => {
  const { client } = await gatewayWithRuns(t, some);
  const { nextPageToken: pageToken } = await client.listProbeRuns({ pageSize: 1 });
  const error = await t.throwsAsync<RobustgateError>(client.listProbeRuns({ probe: 'nightly', pageToken }));
  t.is(error?.violations[0]?.field, 'page_token');
});

test('a watcher gets what was stored after the run that it knows, and then what finishes', async (t) => {
  const { client } = await gatewayWithRuns(t, some);
  const watching = take(client, 3, { afterSequence: 3n });
  await events(client, { probe: 'nightly' });
  const runs = await watching;
  t.is(idsOf(runs.slice(0, 2)), 'd e');
  t.like(runs[2], { trigger: ProbeTrigger.REQUEST, verdict: ProbeVerdict.FAILED });
  t.true((runs[2]?.sequence ?? 0n) > (runs[1]?.sequence ?? 0n));
  t.is(idsOf(await take(client, 6, { afterSequence: 0n })), `a b c d e ${runs[2]?.runId}`);
});

test('a watcher of one probe is not told of others', async (t) => {
  const { client } = await gatewayWithRuns(t, [finishedRun('a', { probe: 'hourly' }), finishedRun('b')]);
  t.is(idsOf(await take(client, 1, { probe: 'nightly', afterSequence: 0n })), 'b');
});

test('a history longer than a page is watched whole', async (t) => {
  const many = Array.from({ length: 120 }, (_, i) => finishedRun(`run ${i}`));
  const { client } = await gatewayWithRuns(t, many);
  const runs = await take(client, 120, { afterSequence: 0n });
  t.deepEqual(
    runs.map(({ runId }) => runId),
    many.map(({ run }) => run.runId),
  );
});

test('those who watch or wait are told when the gateway shuts down', async (t) => {
  const { client, gateway } = await gatewayWithRuns(t, []);
  const watching = t.throwsAsync<RobustgateError>(take(client, 1, { afterSequence: 0n }));
  await client.listProbes();
  await gateway.drain();
  t.like(await watching, { code: 'DRAINING', retryAfterMs: 1000 });
});

test('a run whose dataset is gone fails with that reason, and is kept', async (t) => {
  const { client } = await gatewayWithRuns(t, []);
  const all = await events(client, { probe: 'nightly', modelName: 'toy', modelVersion: '1' });
  t.deepEqual([all[0]?.$case, all.at(-1)?.$case], ['started', 'run']);
  const run = all.at(-1)?.value as ProbeRun;
  t.like(run, { verdict: ProbeVerdict.FAILED, reason: 'INVALID_DATASET', modelSha256: 'sha of 1', attacks: [] });
  t.regex(run.message, /\/nowhere/);
  t.deepEqual((await client.getProbeRun({ runId: run.runId })).run, run);
});

for (const [what, request, code] of [
  ['an unknown probe', { probe: 'hourly' }, 'PROBE_NOT_FOUND'],
  ['a model that is not its own', { probe: 'nightly', modelName: 'other' }, 'MODEL_NOT_FOUND'],
  ['a version of no model', { probe: 'nightly', modelVersion: '1' }, 'INVALID_REQUEST'],
] as const) {
  test(`a run of ${what} is refused`, async (t) => {
    const { client } = await gatewayWithRuns(t, []);
    t.is((await t.throwsAsync<RobustgateError>(events(client, request)))?.code, code);
  });
}

test('a run that there is not is not found, a number below 0 is none', async (t) => {
  const { client } = await gatewayWithRuns(t, []);
  t.is((await t.throwsAsync<RobustgateError>(client.getProbeRun({ runId: 'x' })))?.code, 'PROBE_NOT_FOUND');
  const wrong = await t.throwsAsync<RobustgateError>(take(client, 1, { afterSequence: -1n }));
  t.is(wrong?.violations[0]?.field, 'after_sequence');
});

test('a gateway whose probes another one runs says where, and our client goes there, whichever of them it meets', async (t) => {
  const { gateway: prober } = await gatewayWithRuns(t, some);
  const { grpcAddress: proberAddress } = prober;
  const { gateway, client, stub } = await toyGateway(t, {}, { config: { proberAddress } });
  const turns = connect(`ipv4:${gateway.grpcAddress},${proberAddress}`);
  t.teardown(() => turns.close());
  for (const asking of [client, turns, turns, turns]) {
    t.is((await asking.listProbes()).probes[0]?.name, 'nightly');
    t.is(idsOf((await asking.listProbeRuns()).runs), 'e d c b a');
    t.is((await asking.getProbeRun({ runId: 'c' })).run?.runId, 'c');
    t.is(idsOf(await take(asking, 2, { afterSequence: 1n })), 'b c');
  }
  for (const asking of [client, turns, turns]) {
    t.is((await events(asking, { probe: 'nightly' })).at(-1)?.$case, 'run');
  }
  t.is((await client.listProbeRuns()).runs.length, some.length + 3);
  const probes = new ProbeServiceClient('', credentials.createInsecure(), { channelOverride: stub.getChannel() });
  const error = await new Promise<ServiceError | null>((resolve) =>
    probes.listProbes({}, (failure) => resolve(failure)),
  );
  t.is(error?.code, status.FAILED_PRECONDITION);
  t.regex(error?.details ?? '', /^expected the gateway that runs the probes, which is at 127\.0\.0\.1:\d+, got /);
});

test('a run of a probe is had from the replica that its id names', async (t) => {
  const owner = await gatewayWithRuns(t, [], { replica: 'localhost' });
  const advertisedAddress = `{replica}:${owner.gateway.grpcAddress.split(':').at(-1)}`;
  const { client } = await toyGateway(t, {}, { config: { replica: 'b', advertisedAddress } });
  const run = (await events(owner.client, { probe: 'nightly' })).at(-1);
  if (run?.$case !== 'run') return t.fail();
  const { runId } = run.value;
  t.is((await client.getProbeRun({ runId })).run?.runId, runId);
  const gone = runId.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
  t.like(await t.throwsAsync(client.getProbeRun({ runId: gone })), { code: 'PROBE_NOT_FOUND' });
  const silent = await toyGateway(t, {}, { config: { replica: 'c' } });
  const error = await t.throwsAsync<RobustgateError>(silent.client.getProbeRun({ runId }));
  t.like(error, { code: 'WRONG_REPLICA', metadata: { run: runId, replica: 'localhost' } });
});
