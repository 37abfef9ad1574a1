import test from 'ava';
import { runCli } from '../../support/run-cli.js';

test('devices says of each provider whether it works here, and why not', async (t) => {
  const { code, stdout } = await runCli(['devices']);
  t.is(code, 0);
  t.regex(stdout, /^cpu: works/m);
  for (const provider of ['webgpu', 'cuda'])
    t.regex(stdout, new RegExp(`^${provider}: (works|does not work: .+)$`, 'm'));
});

test('devices --json is one document', async (t) => {
  const { code, stdout } = await runCli(['devices', '--json']);
  t.is(code, 0);
  const { devices } = JSON.parse(stdout);
  t.deepEqual(
    devices.slice(0, 3).map(({ provider }: { provider: string }) => provider),
    ['cpu', 'webgpu', 'cuda'],
  );
  t.like(devices[0], { works: true, reason: '' });
  for (const { works, reason } of devices) t.is(works, reason === '');
});

test('an interrupt ends devices', async (t) => {
  const { code, stderr } = await runCli(['devices'], { signal: AbortSignal.abort() });
  t.is(code, 3);
  t.regex(stderr, /INTERRUPTED/);
});
