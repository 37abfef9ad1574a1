import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EVENT_TYPES, probeRunEvent, runEvent, runFailedEvent } from '../../../src/cli/relay/cloud-event.js';
import type { RunEvent } from '../../../src/clients/index.js';
import { AttackResponse } from '../../../src/contract/robustgate/v1/attack.js';
import { GradientNormResponse } from '../../../src/contract/robustgate/v1/gradient_norm.js';
import { ProbeRun, ProbeVerdict } from '../../../src/contract/robustgate/v1/probe.js';
import { Run, RunKind, RunState } from '../../../src/contract/robustgate/v1/run.js';
import { root } from '../../support/street.js';

const attack = (event: Parameters<typeof AttackResponse.fromPartial>[0]): RunEvent => ({
  $case: 'attack',
  value: AttackResponse.fromPartial(event),
});

test('the event of a run of a probe says what the message says, with numbers and names', (t) => {
  const run = ProbeRun.fromPartial({
    sequence: 12n,
    runId: 'gateway-0.5f3c',
    probe: 'nightly',
    verdict: ProbeVerdict.REGRESSION,
    startedMs: 1000n,
    finishedMs: 1500n,
  });
  const event = probeRunEvent(run, '//gateway:8001');
  t.like(event, {
    specversion: '1.0',
    id: 'gateway-0_5f3c-12',
    source: '//gateway:8001',
    type: 'robustgate.probe.run.finished',
    subject: 'gateway-0.5f3c',
    time: '1970-01-01T00:00:01.500Z',
    datacontenttype: 'application/json',
    sequence: '0000000000000012',
  });
  t.like(event.data as object, { sequence: 12, probe: 'nightly', verdict: 'REGRESSION', finishedMs: 1500 });
  t.deepEqual(JSON.parse(JSON.stringify(event)), event, 'all of it is JSON');
});

const started = attack({ event: { $case: 'started', value: { runId: 'r.1', seed: 5n } } });
const result = attack({ event: { $case: 'result', value: { exampleKey: 'a/b.png', steps: 3 } } });
const summary = attack({ event: { $case: 'summary', value: {} } });
const point: RunEvent = {
  $case: 'gradientNorm',
  value: GradientNormResponse.fromPartial({ event: { $case: 'sweepPoint', value: {} } }),
};
for (const [message, type] of [
  [started, 'robustgate.run.started'],
  [result, 'robustgate.run.result'],
  [point, 'robustgate.run.sweep_point'],
  [summary, 'robustgate.run.finished'],
] as const) {
  test(`a run tells ${type}`, (t) => {
    const event = runEvent(message, 'r.1', 4, '//g');
    t.like(event, { type, id: 'r_1-4', subject: 'r.1', sequence: '0000000000000004' });
    t.false('time' in (event ?? {}));
  });
}

test('progress and pixels are not told onwards', (t) => {
  const chunk = attack({ event: { $case: 'chunk', value: { exampleKey: 'a', data: new Uint8Array(3) } } });
  const progress = attack({ event: { $case: 'progress', value: {} } });
  for (const message of [chunk, progress, attack({})]) t.is(runEvent(message, 'r', 0, '//g'), undefined);
});

test('a run that failed is told with its error, its state by name', (t) => {
  const run = Run.fromPartial({
    id: 'r.1',
    kind: RunKind.ATTACK,
    state: RunState.CANCELLED,
    errorCode: 'CANCELLED',
    finishedMs: 2000n,
  });
  const event = runFailedEvent(run, 2, '//g');
  t.like(event, { type: 'robustgate.run.failed', id: 'r_1-2', time: '1970-01-01T00:00:02.000Z' });
  t.like(event.data as object, { kind: 'attack', state: 'cancelled', errorCode: 'CANCELLED' });
});

test('docs/RELAY.md lists the types of events', async (t) => {
  const page = await readFile(join(root, 'docs/RELAY.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(robustgate\.[a-z_.]+)` \|/gm)].map(([, type]) => type);
  t.deepEqual(rows, [...EVENT_TYPES]);
});
