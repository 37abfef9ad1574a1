import test from 'ava';
import { runCli } from '../../support/run-cli.js';

test('devices says of each provider whether it works here, and why not', async (t) => {
  const { code, stdout } = await runCli(['devices']);
  t.is(code, 0);
  t.regex(stdout, /^cpu: works/m);
  for (const provider of ['webgpu', 'cuda'])
    t.regex(stdout, new RegExp(`^${provider}: (works|does not work: .+)$`, 'm'));
});

test('devices says which backend of TF.js is used, and what the others lack', async (t) => {
  const { stdout } = await runCli(['devices']);
  t.is(stdout.match(/: used, as the first of these that works$/gm)?.length, 1);
  t.regex(stdout, /^tfjs wasm: works: WebAssembly with SIMD, one thread/m);
  t.regex(stdout, /^tfjs cpu: works: JavaScript, one thread$/m);
  for (const backend of ['tensorflow', 'webgpu'])
    t.regex(stdout, new RegExp(`^tfjs ${backend}: (works|does not work: .+)`, 'm'));
});

test('devices --json is one document', async (t) => {
  const { code, stdout } = await runCli(['devices', '--json']);
  t.is(code, 0);
  const { devices, tfjs } = JSON.parse(stdout);
  t.deepEqual(
    tfjs.map(({ backend }: { backend: string }) => backend),
    ['tensorflow', 'webgpu', 'wasm', 'cpu'],
  );
  t.is(tfjs.filter(({ used }: { used: boolean }) => used).length, 1);
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
