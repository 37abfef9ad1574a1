import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { openCursor } from '../../../src/cli/relay/cursor.js';
import { type RelayOptions, relay } from '../../../src/cli/relay/relay.js';
import { webhookSink } from '../../../src/cli/relay/sinks/webhook.js';
import { connect } from '../../../src/clients/index.js';
import { gate, until } from '../../support/gate.js';
import { scriptedProbes } from '../../support/scripted-probes.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { type Answer, type WebhookReceiver, webhookReceiver } from '../../support/webhook-receiver.js';

/** A gateway, a receiver that takes all that the answer does not refuse, and relays between them that share a cursor. */
async function setUp(
  t: ExecutionContext,
  answer: (index: number) => Answer | Promise<Answer> = () => ({ status: 200 }),
) {
  const probes = await scriptedProbes(t);
  const receiver = await webhookReceiver(t, answer);
  const client = connect(probes.address, { channelOptions: { 'grpc.initial_reconnect_backoff_ms': 20 } });
  t.teardown(() => client.close());
  const path = join(await temporaryFolder(t), 'relay.json');
  const told: string[] = [];
  const waits: number[] = [];
  const log = (text: string): void => void told.push(text);
  const start = async (change: Partial<RelayOptions> = {}) => {
    const stop = new AbortController();
    const running = relay({
      client,
      sink: await webhookSink({ url: receiver.url, now: Date.now }),
      cursor: await openCursor(path, null, log),
      source: '//test',
      probes: { probe: undefined },
      runs: [],
      skipRejected: false,
      // Time passes as fast as it can.
      pace: {
        random: () => 0,
        sleep: async (milliseconds, signal) => {
          waits.push(milliseconds);
          await new Promise((resolve) => setTimeout(resolve, 1));
          signal.throwIfAborted();
        },
      },
      log,
      signal: stop.signal,
      graceMs: 60_000,
      ...change,
    });
    running.catch(() => undefined);
    const end = (): Promise<void> => {
      stop.abort(new Error('terminated'));
      return running;
    };
    return { running, end };
  };
  return { probes, receiver, start, told, waits, saved: async () => (await openCursor(path, null, log)).state };
}

const idsOf = ({ received }: WebhookReceiver): string[] => received.map(({ headers }) => `${headers['webhook-id']}`);

test('runs come in order, stored ones first, and the cursor follows them', async (t) => {
  const { probes, receiver, start, saved } = await setUp(t);
  probes.finish();
  probes.finish();
  const { end } = await start();
  await until(() => receiver.received.length === 2);
  probes.finish();
  await until(() => receiver.received.length === 3);
  await end();
  t.deepEqual(idsOf(receiver), ['gateway-0_run-1-1', 'gateway-0_run-2-2', 'gateway-0_run-3-3']);
  t.deepEqual((await saved()).probeRun, { sequence: 3, runId: 'gateway-0.run-3' });
});

test('a relay that is started again goes on after what was acknowledged', async (t) => {
  const { probes, receiver, start } = await setUp(t);
  probes.finish();
  const first = await start();
  await until(() => receiver.received.length === 1);
  await first.end();
  probes.finish();
  const second = await start();
  await until(() => receiver.received.length === 2);
  await second.end();
  t.deepEqual(idsOf(receiver), ['gateway-0_run-1-1', 'gateway-0_run-2-2']);
});

test('an event is sent until it is acknowledged, with longer and longer waits, and none overtakes it', async (t) => {
  const answers: Answer[] = [
    { status: 500 },
    { status: 0, isBroken: true },
    { status: 429, headers: { 'retry-after': '9' } },
  ];
  const { probes, receiver, start, waits, told } = await setUp(t, (index) => answers[index] ?? { status: 200 });
  probes.finish();
  probes.finish();
  const { end } = await start();
  await until(() => receiver.received.length === 5);
  await end();
  t.deepEqual(idsOf(receiver), [...Array(4).fill('gateway-0_run-1-1'), 'gateway-0_run-2-2']);
  t.deepEqual(waits.slice(0, 3), [500, 1000, 9000]);
  t.is(told.length, 4);
  t.regex(told[0] ?? '', /got 500; trying again$/);
  t.regex(told[3] ?? '', /takes events again$/);
});

test('an event that is rejected for good ends the relay, or is left out where that is wanted', async (t) => {
  const { probes, receiver, start, told, saved } = await setUp(t, (index) => ({ status: index < 2 ? 413 : 200 }));
  probes.finish();
  probes.finish();
  const strict = await start();
  await t.throwsAsync(strict.running, { name: 'SinkError', message: /got 413$/ });
  t.is((await saved()).probeRun, undefined);
  const { end } = await start({ skipRejected: true });
  await until(() => receiver.received.length === 3);
  await end();
  t.regex(told.at(-1) ?? '', /^left out robustgate.probe.run.finished gateway-0_run-1-1: .* got 413$/);
  t.deepEqual(idsOf(receiver).slice(1), ['gateway-0_run-1-1', 'gateway-0_run-2-2']);
});

test('a gateway that breaks off or goes away is asked again for what is missing', async (t) => {
  const { probes, receiver, start, told } = await setUp(t);
  probes.finish();
  const { end } = await start();
  await until(() => receiver.received.length === 1);
  probes.breakStreams();
  probes.finish();
  await until(() => receiver.received.length === 2);
  probes.stop();
  probes.finish();
  await probes.start();
  await until(() => receiver.received.length === 3);
  await end();
  t.deepEqual(idsOf(receiver), ['gateway-0_run-1-1', 'gateway-0_run-2-2', 'gateway-0_run-3-3']);
  t.regex(told[0] ?? '', /^the gateway does not tell runs of probes: UNAVAILABLE: a break; trying again$/);
  t.is(told[1], 'the gateway tells runs of probes again');
});

test('a gateway that says that it never will ends the relay', async (t) => {
  const { probes, receiver, start } = await setUp(t);
  probes.finish();
  const { running } = await start();
  await until(() => receiver.received.length === 1);
  probes.breakStreams(status.PERMISSION_DENIED);
  await t.throwsAsync(running, { name: 'RobustgateError', message: 'a break' });
});

for (const [title, runs] of [
  ['shorter', 1],
  ['as long', 3],
  ['longer', 5],
] as const) {
  test(`a history that was lost and is ${title} is told from its beginning`, async (t) => {
    const { probes, receiver, start, told } = await setUp(t);
    for (let index = 0; index < 3; index++) probes.finish();
    const first = await start();
    await until(() => receiver.received.length === 3);
    await first.end();
    probes.forget();
    for (let index = 1; index <= runs; index++) probes.finish({ runId: `other.${index}` });
    const second = await start();
    await until(() => receiver.received.length === 3 + runs);
    await second.end();
    t.deepEqual(
      idsOf(receiver).slice(3),
      Array.from({ length: runs }, (_, index) => `other_${index + 1}-${index + 1}`),
    );
    t.deepEqual(told, ['the history of the gateway is not the one of the cursor: beginning with the oldest run']);
  });
}

test('an event that is under way when the relay is ended is waited for, and saved', async (t) => {
  const [came, answered] = [gate(), gate()];
  const { probes, start, saved } = await setUp(t, async () => {
    came.open();
    await answered.opened;
    return { status: 200 };
  });
  probes.finish();
  const { end } = await start();
  await came.opened;
  const ended = end();
  answered.open();
  await ended;
  t.is((await saved()).probeRun?.sequence, 1);
});

test('a receiver that never answers does not keep a relay from its end', async (t) => {
  const came = gate();
  const { probes, start, saved, told } = await setUp(t, () => {
    came.open();
    return new Promise(() => undefined);
  });
  probes.finish();
  const { end } = await start({ graceMs: 20 });
  await came.opened;
  await end();
  t.is((await saved()).probeRun, undefined);
  t.deepEqual(told, []);
});

test('of many events one is under way', async (t) => {
  let underWay = 0;
  let most = 0;
  const { probes, receiver, start } = await setUp(t, async () => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 2));
    underWay--;
    return { status: 200 };
  });
  for (let index = 0; index < 20; index++) probes.finish();
  const { end } = await start();
  await until(() => receiver.received.length === 20);
  await end();
  t.is(new Set(idsOf(receiver)).size, 20);
  t.is(most, 1);
});
