import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { probeRunEvent } from '../../../../src/cli/relay/cloud-event.js';
import { keysOf, signatureOf } from '../../../../src/cli/relay/sinks/signature.js';
import { retryAfterMsOf, webhookSink } from '../../../../src/cli/relay/sinks/webhook.js';
import { ProbeRun } from '../../../../src/contract/robustgate/v1/probe.js';
import { root } from '../../../support/street.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { type Answer, type Received, webhookReceiver } from '../../../support/webhook-receiver.js';

const event = probeRunEvent(ProbeRun.fromPartial({ runId: 'g.1', sequence: 3n, message: 'größer' }), '//g');
const now = (): number => 1_614_265_330_999;
const never = (): AbortSignal => new AbortController().signal;

test('an event comes with its id, its time and a signature of what was sent', async (t) => {
  const { url, received } = await webhookReceiver(t, () => ({ status: 204 }));
  const secretFile = join(await temporaryFolder(t), 'secret');
  await writeFile(secretFile, 'first\n');
  const sink = await webhookSink({ url, secretFile, now });
  t.is(sink.name, url.origin);
  await sink.publish(event, never());
  await writeFile(secretFile, 'second\n');
  await sink.publish(event, never());
  t.is(received.length, 2);
  for (const [index, secret] of ['first', 'second'].entries()) {
    const { headers, body = '' } = received[index] ?? {};
    t.deepEqual(JSON.parse(body), JSON.parse(JSON.stringify(event)));
    t.like(headers, {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': 'g_1-3',
      'webhook-timestamp': '1614265330',
      'webhook-signature': signatureOf(keysOf(secret), 'g_1-3', 1614265330, body),
    });
  }
  await rm(secretFile);
  await t.throwsAsync(sink.publish(event, never()), { name: 'SinkError', message: /expected secrets in/ });
});

test('the code of docs/RELAY.md takes what is genuine, and nothing else', async (t) => {
  const page = await readFile(join(root, 'docs/RELAY.md'), 'utf8');
  const [, code] = /```js\n(.*?)```/s.exec(page) ?? [];
  const { isGenuine } = await import(`data:text/javascript,${encodeURIComponent(`${code}export { isGenuine };`)}`);
  const { url, received } = await webhookReceiver(t, () => ({ status: 200 }));
  const secretFile = join(await temporaryFolder(t), 'secret');
  await writeFile(secretFile, 'new\nold\n');
  await (await webhookSink({ url, secretFile, now })).publish(event, never());
  const { headers, body } = received[0] as Received;
  const seconds = now() / 1000;
  t.true(isGenuine(headers, body, 'new', seconds));
  t.true(isGenuine(headers, body, 'old', seconds));
  t.false(isGenuine(headers, body, 'other', seconds));
  t.false(isGenuine(headers, `${body} `, 'new', seconds));
  t.false(isGenuine({ ...headers, 'webhook-id': 'another' }, body, 'new', seconds));
  t.false(isGenuine(headers, body, 'new', seconds + 301));
});

const fails = test.macro(async (t: ExecutionContext, answer: Answer, expected: object) => {
  const { url } = await webhookReceiver(t, () => answer);
  const sink = await webhookSink({ url, now });
  t.like(await t.throwsAsync(sink.publish(event, never()), { name: 'SinkError' }), expected);
});
for (const status of [408, 425, 429, 500, 503]) {
  test(`a ${status} is worth another try`, fails, { status }, { isPermanent: false, retryAfterMs: undefined });
}
for (const status of [301, 400, 401, 404, 410, 413]) {
  test(`a ${status} is not worth another try`, fails, { status }, { isPermanent: true });
}
test(
  'Retry-After is heard',
  fails,
  { status: 429, headers: { 'retry-after': '7' } },
  { isPermanent: false, retryAfterMs: 7000 },
);
test('a connection that breaks is worth another try', fails, { status: 0, isBroken: true }, { isPermanent: false });

test('a redirect is not followed', async (t) => {
  const { url, received } = await webhookReceiver(t, () => ({ status: 307, headers: { location: url.href } }));
  await t.throwsAsync((await webhookSink({ url, now })).publish(event, never()), { message: /got 307$/ });
  t.is(received.length, 1);
  t.false('webhook-signature' in (received[0]?.headers ?? {}), 'without secrets nothing is signed');
});

test('a receiver that does not answer is given up', async (t) => {
  const { url } = await webhookReceiver(t, () => new Promise(() => undefined));
  const slow = await webhookSink({ url, now, timeoutMs: 50 });
  t.like(await t.throwsAsync(slow.publish(event, never())), {
    name: 'SinkError',
    isPermanent: false,
    message: `expected ${url.origin} to answer, got: nothing within 0.05 s`,
  });
  const patient = await webhookSink({ url, now });
  const left = AbortSignal.abort(new Error('terminated'));
  await t.throwsAsync(patient.publish(event, left), { name: 'SinkError', message: /terminated/ });
});

test('a file without secrets is told before anything is sent', async (t) => {
  const secretFile = join(await temporaryFolder(t), 'secret');
  const url = new URL('http://127.0.0.1:9/');
  await t.throwsAsync(webhookSink({ url, secretFile, now }), { name: 'UsageError', message: /ENOENT/ });
  await writeFile(secretFile, '\n');
  await t.throwsAsync(webhookSink({ url, secretFile, now }), { name: 'UsageError', message: /got: expected a secret/ });
});

for (const [value, expected] of [
  ['120', 120_000],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 59_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
  [null, undefined],
] as const) {
  test(`Retry-After: ${value} is ${expected} ms at the first second of 1970`, (t) => {
    t.is(retryAfterMsOf(value, 1000), expected);
  });
}
