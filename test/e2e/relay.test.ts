// `robustgate relay` in a process of its own, with a real NATS server, killed and started again, and with a real probe.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { ProbeTrigger } from '../../src/clients/index.js';
import { demoModels, gatewayOf } from '../support/gateway.js';
import { messagesOf, type NatsServer, startNats, whyNatsMissing } from '../support/nats-server.js';
import { scriptedProbes } from '../support/scripted-probes.js';
import { root } from '../support/street.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const missing = whyNatsMissing();
const withNats = missing === undefined ? test.serial : test.serial.skip;
const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const STREAM = 'PROBES';

interface RelayProcess {
  /** Resolved when it has said something like this. */
  untilSaid(pattern: RegExp): Promise<void>;
  /** Its exit code, once it has ended. */
  exit(): Promise<number | null>;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

async function setUp(t: ExecutionContext) {
  const nats = await startNats(t);
  await nats.manage(({ streams }) => streams.add({ name: STREAM, subjects: ['fleet.>'] }));
  const cursor = join(await temporaryFolder(t), 'relay.json');
  const start = (server: string, ...argv: string[]): RelayProcess => {
    const to = ['--to', nats.url, '--stream', STREAM, '--subject', 'fleet', '--cursor', cursor, '--server', server];
    const child = spawn(process.execPath, [main, 'relay', ...to, ...argv], { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (part) => {
      text += part;
    });
    const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
    const exit = async (): Promise<number | null> => {
      if (!isOver()) await once(child, 'exit');
      return child.exitCode;
    };
    t.teardown(() => child.kill('SIGKILL'));
    return {
      async untilSaid(pattern) {
        while (!pattern.test(text)) {
          if (isOver()) throw new Error(`expected a relay that says ${pattern}, got: ${text}`);
          await pause(20);
        }
      },
      exit,
      end(signal) {
        child.kill(signal);
        return exit();
      },
    };
  };
  return { nats, start };
}

const countOf = (nats: NatsServer): Promise<number> =>
  nats.manage(async ({ streams }) => (await streams.info(STREAM)).state.messages);

/** Looks at the stream until it holds that many messages. */
async function untilHeld(nats: NatsServer, count: number): Promise<void> {
  while ((await countOf(nats)) < count) await pause(50);
}

withNats(`every run of a probe is in the stream once, whoever is killed meanwhile${skipped}`, async (t) => {
  const { nats, start } = await setUp(t);
  const probes = await scriptedProbes(t);
  const finish = (count: number): void => {
    for (let index = 0; index < count; index++) probes.finish();
  };
  finish(300);
  const first = start(probes.address);
  await untilHeld(nats, 1);
  await first.end('SIGKILL');
  t.log(`the first relay was killed after ${await countOf(nats)} of 300`);

  const second = start(probes.address);
  await untilHeld(nats, 300);
  await nats.kill();
  finish(20);
  await second.untilSaid(/the stream PROBES .*trying again/);
  await second.end('SIGKILL');

  const third = start(probes.address);
  await third.untilSaid(/the stream PROBES .*trying again/);
  await nats.start();
  await untilHeld(nats, 320);
  probes.stop();
  finish(20);
  await probes.start();
  await untilHeld(nats, 340);
  t.is(await third.end('SIGTERM'), 0);

  const fourth = start(probes.address);
  finish(1);
  await untilHeld(nats, 341);
  t.is(await fourth.end('SIGTERM'), 0);
  t.is(probes.asked.at(-1), 339, 'the cursor was saved: it asked for the last one and what came after');

  const messages = await messagesOf(nats, STREAM);
  t.deepEqual(
    messages.map(({ event }) => event.data['sequence']),
    Array.from({ length: 341 }, (_, index) => index + 1),
  );
  for (const { subject, id, event } of messages) {
    t.is(subject, 'fleet.probe.run.finished');
    t.is(id, event.id);
  }
});

withNats(`what is sent again is dropped by the stream${skipped}`, async (t) => {
  const { nats, start } = await setUp(t);
  const probes = await scriptedProbes(t);
  for (let index = 0; index < 5; index++) probes.finish();
  const first = start(probes.address);
  await untilHeld(nats, 5);
  await first.end('SIGTERM');
  // As a relay that lost its cursor: another file, so all from the beginning.
  const again = start(probes.address, '--cursor', join(await temporaryFolder(t), 'other.json'));
  probes.finish();
  await untilHeld(nats, 6);
  await again.end('SIGTERM');
  t.deepEqual(probes.asked, [0, 0]);
  t.is(await countOf(nats), 6);
});

withNats(`a stream that is not there is told with the command that makes it, and waited for${skipped}`, async (t) => {
  const { nats, start } = await setUp(t);
  await nats.manage(({ streams }) => streams.delete(STREAM));
  const probes = await scriptedProbes(t);
  probes.finish();
  const running = start(probes.address);
  await running.untilSaid(/nats stream add PROBES --subjects 'fleet\.>'; trying again/);
  await nats.manage(({ streams }) => streams.add({ name: 'OTHER', subjects: ['fleet.>'] }));
  await running.untilSaid(/expected the stream PROBES to take an event, got: .*stream does not match/);
  t.is(await running.exit(), 3, 'another stream takes these subjects: that does not pass by itself');
});

withNats(`a server that does not encrypt gets nothing where TLS is asked for${skipped}`, async (t) => {
  const { nats, start } = await setUp(t);
  const probes = await scriptedProbes(t);
  probes.finish();
  const running = start(probes.address, '--to', nats.url.replace('nats:', 'tls:'));
  await running.untilSaid(/server does not support 'tls'; trying again/);
  t.is(await running.end('SIGTERM'), 0);
  t.is(await countOf(nats), 0);
});

withNats(`a real probe of a real gateway is told onwards${skipped}`, async (t) => {
  const { nats, start } = await setUp(t);
  const { gateway, client } = await gatewayOf(t, demoModels, {
    children: true,
    config: {
      threads: 1,
      hosts: 'shared',
      datasets: { scenes: { kind: 'cityscapes', root: join(root, 'demo/scenes') } },
      probes: [
        {
          name: 'street',
          schedule: '0 0 29 2 *',
          model: 'street',
          dataset: 'scenes',
          examples: 1,
          attacks: ['pgd(steps=2,eps=4)@sum(segmentation=1,depth=1)'],
          reliability: false,
          gradientExamples: 1,
          onNewVersion: 'never',
        },
      ],
    },
  });
  const relaying = start(gateway.grpcAddress, '--source', 'urn:fleet:berlin');
  let run: { readonly runId: string; readonly trigger: ProbeTrigger } | undefined;
  for await (const event of client.runProbe({ probe: 'street' })) if (event.$case === 'run') run = event.value;
  t.is(run?.trigger, ProbeTrigger.REQUEST);
  await untilHeld(nats, 1);
  t.is(await relaying.end('SIGTERM'), 0);
  const [message] = await messagesOf(nats, STREAM);
  t.like(message?.event, { type: 'robustgate.probe.run.finished', subject: run?.runId, source: 'urn:fleet:berlin' });
  t.like(message?.event.data, { probe: 'street', trigger: 'REQUEST', modelName: 'street', imageSteps: 2 });
  t.is((message?.event.data['attacks'] as readonly object[] | undefined)?.length, 1);
});
