import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { collectAttack } from '../../../src/clients/index.js';
import { finishedRun } from '../../support/finished-runs.js';
import { aborted, gate, until } from '../../support/gate.js';
import { gatewayWithRuns } from '../../support/probing-gateway.js';
import { type CliRun, runCli } from '../../support/run-cli.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { toyExample, toyGateway } from '../../support/toy-gateway.js';
import { toyProgress, toySummary } from '../../support/toy-hosts.js';
import { type WebhookReceiver, webhookReceiver } from '../../support/webhook-receiver.js';

const eventsOf = ({ received }: WebhookReceiver) => received.map(({ body }) => JSON.parse(body));

async function setUp(t: ExecutionContext, statusOf: (index: number) => number = () => 202) {
  const receiver = await webhookReceiver(t, (index) => ({ status: statusOf(index) }));
  const cursor = join(await temporaryFolder(t), 'relay.json');
  const relay = (server: string, argv: readonly string[] = [], signal?: AbortSignal): Promise<CliRun> =>
    runCli(
      ['relay', '--to', receiver.url.href, '--cursor', cursor, '--server', server, ...argv],
      signal === undefined ? {} : { signal },
    );
  return { receiver, relay };
}

test('relay tells the runs of probes that a gateway keeps, until it is terminated, which is no failure', async (t) => {
  const { receiver, relay } = await setUp(t);
  const { gateway } = await gatewayWithRuns(t, [finishedRun('g.1'), finishedRun('g.2', { verdict: 'suspect' })]);
  const stop = new AbortController();
  const running = relay(gateway.grpcAddress, ['--probe', 'nightly'], stop.signal);
  await until(() => receiver.received.length === 2);
  stop.abort(new Error('terminated'));
  t.deepEqual(await running, { code: 0, stdout: '', stderr: '' });
  const [first, second] = eventsOf(receiver);
  t.like(first, { id: 'g_1-1', source: `//${gateway.grpcAddress}`, type: 'robustgate.probe.run.finished' });
  t.like(second, { id: 'g_2-2', subject: 'g.2', data: { verdict: 'SUSPECT', trigger: 'SCHEDULE', sequence: 2 } });
});

const request = {
  modelName: 'toy',
  examples: [toyExample(7, 'a'), toyExample(9, 'b')],
  attack: { name: 'pgd', steps: 2, epsilon: 2 },
};

test('relay --run tells a run from its beginning to its end, without pixels, and nothing when asked again', async (t) => {
  const { receiver, relay } = await setUp(t);
  const { client, gateway } = await toyGateway(t);
  const { started } = await collectAttack(client.attack({ ...request, requestId: 'r' }));
  const argv = ['--run', started.runId, '--source', 'urn:test'];
  t.like(await relay(gateway.grpcAddress, argv), { code: 0, stderr: '' });
  const id = started.runId.replaceAll('.', '_');
  t.deepEqual(
    eventsOf(receiver).map((event) => [event.id, event.type, event.source, event.data.exampleKey]),
    [
      [`${id}-0`, 'robustgate.run.started', 'urn:test', undefined],
      [`${id}-1`, 'robustgate.run.result', 'urn:test', 'a'],
      [`${id}-2`, 'robustgate.run.result', 'urn:test', 'b'],
      [`${id}-3`, 'robustgate.run.finished', 'urn:test', undefined],
    ],
  );
  t.is((await relay(gateway.grpcAddress, argv)).code, 0);
  t.is(receiver.received.length, 4);
});

test('relay --run goes on in the middle of a run, after the last event that was taken', async (t) => {
  const { receiver, relay } = await setUp(t, (index) => (index === 2 ? 413 : 202));
  const { client, gateway } = await toyGateway(t);
  const { started } = await collectAttack(client.attack({ ...request, requestId: 'r' }));
  const argv = ['--run', started.runId];
  const first = await relay(gateway.grpcAddress, argv);
  t.is(first.code, 3);
  t.regex(first.stderr, /to answer 2xx, got 413/);
  t.is((await relay(gateway.grpcAddress, argv)).code, 0);
  t.deepEqual(
    eventsOf(receiver).map(({ sequence }) => Number(sequence)),
    [0, 1, 2, 2, 3],
  );
});

test('relay tells many runs at the same time, and each of them once', async (t) => {
  const { receiver, relay } = await setUp(t);
  const { client, gateway } = await toyGateway(t);
  const ids: string[] = [];
  for (let index = 0; index < 12; index++) {
    ids.push((await collectAttack(client.attack({ ...request, requestId: `r ${index}` }))).started.runId);
  }
  const { code, stderr } = await relay(
    gateway.grpcAddress,
    ids.flatMap((id) => ['--run', id]),
  );
  t.deepEqual([code, stderr], [0, '']);
  t.is(new Set(eventsOf(receiver).map(({ id }) => id)).size, 48);
  t.is(receiver.received.length, 48);
  for (const id of ids) {
    const own = eventsOf(receiver).filter(({ subject }) => subject === id);
    t.deepEqual(
      own.map(({ sequence }) => Number(sequence)),
      [0, 1, 2, 3],
    );
  }
});

test('relay --run tells the end of a run that is cancelled', async (t) => {
  const { receiver, relay } = await setUp(t);
  const begun = gate();
  const { client, gateway } = await toyGateway(t, {
    async *attack({ options: { signal } }) {
      yield toyProgress(1, 2);
      begun.open();
      await aborted(signal);
      yield toySummary(0);
    },
  });
  const events = client.attack({ ...request, detach: true });
  const { value } = await events.next();
  const runId = value?.$case === 'started' ? value.value.runId : '';
  await begun.opened;
  const relayed = relay(gateway.grpcAddress, ['--run', runId]);
  await until(() => receiver.received.length === 1);
  await client.cancelRun({ runId });
  t.like(await relayed, { code: 0 });
  const [, last] = eventsOf(receiver);
  t.like(last, { type: 'robustgate.run.failed', subject: runId, data: { state: 'cancelled', errorCode: 'CANCELLED' } });
});

test('relay --run of a run that is not there, or whose results are not kept, is told', async (t) => {
  const { relay } = await setUp(t);
  const { client, gateway } = await toyGateway(t);
  const { started } = await collectAttack(client.attack(request));
  const notKept = await relay(gateway.grpcAddress, ['--run', started.runId]);
  t.regex(notKept.stderr, /RESULTS_NOT_KEPT/);
  t.is(notKept.code, 3);
  t.is((await relay(gateway.grpcAddress, ['--run', `${started.runId}0`])).code, 2);
});

const nats = ['--to', 'nats://localhost'];
const wrong: readonly [title: string, argv: readonly string[], message: RegExp][] = [
  ['no destination', ['--cursor', 'c'], /required option '--to <url>'/],
  ['no cursor', ['--to', 'https://example.org'], /required option '--cursor <file>'/],
  [
    'another protocol',
    ['--to', 'ftp://me:secret@host', '--cursor', 'c'],
    /expected nats:\/\/, tls:\/\/, https:\/\/ or/,
  ],
  ['NATS without a stream', [...nats, '--cursor', 'c'], /expected --stream NAME with NATS/],
  ['a wildcard as a subject', [...nats, '--cursor', 'c', '--subject', 'a.>'], /expected words separated by dots/],
  [
    'a stream of a webhook',
    ['--to', 'http://h', '--cursor', 'c', '--stream', 's'],
    /expected --stream and --nats-creds/,
  ],
  [
    'a password',
    ['--to', 'https://me:secret@host', '--cursor', 'c'],
    /expected --to without a password, got one: use --secret-file/,
  ],
  [
    'a password of NATS',
    ['--to', 'nats://me:secret@host', '--stream', 's', '--cursor', 'c'],
    /expected --to without a password, got one: use --nats-creds/,
  ],
  [
    'a probe and a run',
    ['--to', 'http://h', '--cursor', 'c', '--probe', 'p', '--run', 'r'],
    /expected --probe or --run/,
  ],
];
for (const [title, argv, message] of wrong) {
  test(`relay: ${title} is wrong usage, and no password is repeated`, async (t) => {
    const { code, stderr } = await runCli(['relay', ...argv]);
    t.is(code, 2);
    t.regex(stderr, message);
    t.notRegex(stderr, /secret@/);
  });
}
