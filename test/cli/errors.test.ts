import { once } from 'node:events';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import test from 'ava';
import { AttackResponse } from '../../src/contract/robustgate/v1/attack.js';
import { attackEvents, attackSetUp } from '../support/attack-script.js';
import { runCli } from '../support/run-cli.js';
import { failure, scriptedGateway } from '../support/scripted-gateway.js';

test('an error lists violations and when to try again, and is a document with --json', async (t) => {
  const violations = [{ field: 'attack.steps', description: 'expected steps ≥ 1, got 0' }];
  const { folder } = await attackSetUp(t);
  const server = await scriptedGateway(t, {
    attack: (call) =>
      call.emit(
        'error',
        failure(status.INVALID_ARGUMENT, 'bad', { reason: 'INVALID_OPTION', violations, retryAfterMs: 1500 }),
      ),
  });
  const argv = ['attack', '--server', server, '--model', 'street', '--image', join(folder, 'a.png'), '--json'];
  const { code, stdout, stderr } = await runCli(argv);
  t.is(code, 2);
  t.is(stderr, 'robustgate: INVALID_OPTION: bad\n  attack.steps: expected steps ≥ 1, got 0\n  try again in 1.5 s\n');
  t.like(JSON.parse(stdout).error, { code: 'INVALID_OPTION', message: 'bad', retryAfterMs: 1500 });
});

for (const [name, code] of [
  ['NOT_FOUND', 2],
  ['UNAVAILABLE', 3],
  ['RESOURCE_EXHAUSTED', 3],
  ['INTERNAL', 3],
] as const) {
  test(`${name} exits with ${code}`, async (t) => {
    const server = await scriptedGateway(t, {
      listModels: (_, answer) => answer({ code: status[name], details: 'no' }),
    });
    const run = await runCli(['models', '--server', server]);
    t.is(run.code, code);
    t.regex(run.stderr, new RegExp(`^robustgate: ${name}: no`));
  });
}

test('no gateway exits with 3 and says how to get one', async (t) => {
  const { code, stderr } = await runCli(['models', '--server', '127.0.0.1:1']);
  t.is(code, 3);
  t.regex(stderr, /UNAVAILABLE: .*ECONNREFUSED.*\n {2}start a gateway with `robustgate serve`/);
});

test('an interrupt cancels the call, wipes the line and exits with 3', async (t) => {
  const stop = new AbortController();
  let cancelled: Promise<unknown> | undefined;
  const { folder } = await attackSetUp(t);
  const server = await scriptedGateway(t, {
    attack: (call) => {
      cancelled = once(call, 'cancelled');
      for (const event of attackEvents.slice(0, 3)) call.write(AttackResponse.fromPartial({ event }));
    },
  });
  const { code, stdout, stderr } = await runCli(
    ['attack', '--server', server, '--model', 'street', '--image', join(folder, 'a.png')],
    { signal: stop.signal, isTerminal: true, onStderr: () => stop.abort() },
  );
  await cancelled;
  t.is(code, 3);
  t.is(stdout, '');
  t.true(stderr.endsWith('robustgate: INTERRUPTED: stopped before the end\n'));
});
