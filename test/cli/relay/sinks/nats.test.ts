import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { probeRunEvent } from '../../../../src/cli/relay/cloud-event.js';
import { natsSink, subjectOf } from '../../../../src/cli/relay/sinks/nats.js';
import { ProbeRun } from '../../../../src/contract/robustgate/v1/probe.js';
import { freePort } from '../../../support/free-port.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

test('subjects are types with another beginning', (t) => {
  t.is(subjectOf({ type: 'robustgate.probe.run.finished' }, 'a.b'), 'a.b.probe.run.finished');
  t.is(subjectOf({ type: 'robustgate.run.result' }, '$&'), '$&.run.result');
});

test('a server that is not there is worth another try', async (t) => {
  const servers = `nats://127.0.0.1:${await freePort()}`;
  const sink = await natsSink({ servers, stream: 'S', subjectPrefix: 'p' });
  const event = probeRunEvent(ProbeRun.fromPartial({ runId: 'r' }), '//g');
  const error = await t.throwsAsync(sink.publish(event, new AbortController().signal), { name: 'SinkError' });
  t.like(error, { isPermanent: false });
  await sink.close();
});

test('credentials that are not there are told before anything is sent', async (t) => {
  const options = { servers: 'nats://127.0.0.1', stream: 'S', subjectPrefix: 'p', credentialsFile: '/nowhere/creds' };
  await t.throwsAsync(natsSink(options), { name: 'UsageError', message: /expected NATS credentials in \/nowhere/ });
});

test('without the packages of NATS the message says how to install them', async (t) => {
  const main = fileURLToPath(new URL('../../../../src/cli/main.js', import.meta.url));
  const hook = `export const resolve = (name, context, next) => {
    if (name.startsWith('@nats-io/')) throw Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  };`;
  const url = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(url(hook))});`;
  const cursor = join(await temporaryFolder(t), 'relay.json');
  const argv = ['relay', '--to', 'nats://127.0.0.1', '--stream', 'S', '--cursor', cursor];
  const { status, stderr } = spawnSync(process.execPath, ['--import', url(register), main, ...argv], {
    encoding: 'utf8',
  });
  t.is(status, 3);
  t.regex(stderr, /npm install @nats-io\/transport-node@3 @nats-io\/jetstream@3/);
});
