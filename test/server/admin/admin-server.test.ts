import test, { type ExecutionContext } from 'ava';
import type { EngineError } from '../../../src/engine/index.js';
import { startAdminServer } from '../../../src/server/admin/admin-server.js';

const metrics = async (accept: string) => ({ contentType: 'text/x-test', text: `for ${accept}` });

async function adminOf(t: ExecutionContext, isReady = true): Promise<string> {
  const admin = await startAdminServer('127.0.0.1:0', {
    livez: () => ({ isGood: true, text: 'alive' }),
    readyz: () => ({ isGood: isReady, text: 'it depends' }),
    metrics,
  });
  t.teardown(() => admin.close());
  return `http://${admin.address}`;
}

for (const [path, isReady, status, text] of [
  ['/livez', false, 200, 'alive\n'],
  ['/readyz', true, 200, 'it depends\n'],
  ['/readyz?verbose', true, 200, 'it depends\n'],
  ['/readyz', false, 503, 'it depends\n'],
  ['/', true, 404, 'not found\n'],
  ['/metricz', true, 404, 'not found\n'],
  // Names that every object has.
  ['/constructor', true, 404, 'not found\n'],
  ['/__proto__', true, 404, 'not found\n'],
] as const) {
  test(`GET ${path} is answered with ${status} ${isReady ? 'when ready' : 'when not ready'}`, async (t) => {
    const response = await fetch((await adminOf(t, isReady)) + path);
    t.is(response.status, status);
    t.is(await response.text(), text);
    t.is(response.headers.get('cache-control'), 'no-store');
  });
}

test('GET /metrics is answered in the format that the reader takes', async (t) => {
  const response = await fetch(`${await adminOf(t)}/metrics`, { headers: { accept: 'text/x-wanted' } });
  t.deepEqual([response.status, response.headers.get('content-type')], [200, 'text/x-test']);
  t.is(await response.text(), 'for text/x-wanted');
});

test('metrics that cannot be told are an error of ours, and the server goes on', async (t) => {
  const check = () => ({ isGood: true, text: 'well' });
  const admin = await startAdminServer('127.0.0.1:0', {
    livez: check,
    readyz: check,
    metrics: () => Promise.reject(new Error('no')),
  });
  t.teardown(() => admin.close());
  t.is((await fetch(`http://${admin.address}/metrics`)).status, 500);
  t.is((await fetch(`http://${admin.address}/livez`)).status, 200);
});

test('HEAD is answered without a body, and nothing is taken in', async (t) => {
  const address = await adminOf(t);
  const head = await fetch(`${address}/readyz`, { method: 'HEAD' });
  t.deepEqual([head.status, await head.text()], [200, '']);
  t.is((await fetch(`${address}/readyz`, { method: 'POST', body: 'x' })).status, 405);
});

test('an address that is taken is an error of the configuration', async (t) => {
  const taken = (await adminOf(t)).slice('http://'.length);
  const check = () => ({ isGood: true, text: '' });
  const error = await t.throwsAsync<EngineError>(startAdminServer(taken, { livez: check, readyz: check, metrics }));
  t.is(error?.code, 'INVALID_CONFIG');
  t.regex(error?.message ?? '', /EADDRINUSE/);
});
