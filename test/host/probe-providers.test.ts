import test from 'ava';
import { probeApart, probeProviders } from '../../src/host/probe-providers.js';

const entry = new URL('../support/scripted-probe.js', import.meta.url).pathname;
const { signal } = new AbortController();

test('a provider that works is told with its device', async (t) => {
  const report = await probeApart('cpu', { entry, signal });
  t.deepEqual(report, { provider: 'cpu', isThere: true, works: true, reason: '', device: 'a core' });
});

test('a driver that crashes is told, with what it said last', async (t) => {
  const { works, reason } = await probeApart('webgpu', { entry, signal });
  t.false(works);
  t.is(reason, 'the process that tried it ended with SIGSEGV: device lost');
});

test('a driver that hangs is told', async (t) => {
  const { works, reason } = await probeApart('cuda', { entry, signal, timeoutMs: 500 });
  t.false(works);
  t.is(reason, 'no answer within 0.5 s');
});

test('providers of other platforms are not told of', async (t) => {
  const reports = await probeProviders({ entry, signal, timeoutMs: 2000 });
  t.deepEqual(
    reports.map(({ provider }) => provider),
    ['cpu', 'webgpu', 'cuda'],
  );
});

test('an abort ends a driver that hangs', async (t) => {
  const controller = new AbortController();
  const probe = probeApart('cuda', { entry, signal: controller.signal });
  controller.abort(new Error('enough'));
  await t.throwsAsync(probe, { message: 'enough' });
});
