// Runs on the demo model that outlive their clients, their connections, and the gateway itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import {
  AttackField,
  attackEventsOf,
  type Client,
  type CollectedAttack,
  collectAttack,
  connect,
  type RobustgateError,
  RunState,
} from '../../src/clients/index.js';
import { demoModels, gatewayOf, sceneExample } from '../support/gateway.js';
import { root } from '../support/street.js';
import { temporaryFolder } from '../support/temporary-folder.js';

type Request = Parameters<Client['attack']>[0];
const request = (count: number, steps: number, change: Partial<Request> = {}): Request => ({
  modelName: 'street',
  examples: Array.from({ length: count }, (_, i) => sceneExample(i)),
  attack: { name: 'pgd', steps },
  objective: { tasks: [{ task: 'segmentation' }] },
  fields: [AttackField.ADVERSARIAL_PNG, AttackField.ADVERSARIAL_TENSOR],
  ...change,
});

/** A process of `robustgate serve` with a state directory, and a client for it. */
async function serve(t: ExecutionContext, stateDirectory: string): Promise<{ child: ChildProcess; client: Client }> {
  const config = join(stateDirectory, 'gateway.yaml');
  const address = '127.0.0.1:0';
  const lines = {
    modelRepository: demoModels,
    grpcAddress: address,
    adminAddress: address,
    stateDirectory,
    threads: 1,
  };
  await writeFile(config, JSON.stringify({ ...lines, replica: 'gateway-0' }));
  const child = spawn(process.execPath, [join(root, 'bin/robustgate.js'), 'serve', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const found = await new Promise<string>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const [, bound] = /gRPC on (\S+),/.exec(line) ?? [];
      if (bound !== undefined) resolve(bound);
    });
  });
  const client = connect(found);
  t.teardown(() => client.close());
  return { child, client };
}

async function begun(client: Client, asked: Request): Promise<string> {
  for await (const event of client.attack(asked)) if (event.$case === 'started') return event.value.runId;
  throw new Error('expected started');
}

const watched = (client: Client, runId: string) => collectAttack(attackEventsOf(client.watchRun({ runId })));

/** What must be the same of two runs of one request: all but ids and times. */
const outcome = ({ results, summary }: CollectedAttack) => ({
  results: results.map(({ result, payloads }) => ({
    result,
    payloads: payloads.map(({ id, data }) => [id, Buffer.from(data).toString('base64')]),
  })),
  summary: { ...summary, runId: '', durationSeconds: 0 },
});

test.serial(
  'a detached run that is watched from another connection gives what a stream of its own gives',
  async (t) => {
    const { client, gateway } = await gatewayOf(t, demoModels, { children: true, config: { threads: 1 } });
    const direct = await collectAttack(client.attack(request(4, 5)));
    const first = connect(gateway.grpcAddress);
    const runId = await begun(first, request(4, 5, { detach: true }));
    first.close();
    const seen = await watched(client, runId);
    t.deepEqual(outcome(seen), outcome(direct));
    t.is(seen.started.runId, runId);
    t.deepEqual(await watched(client, runId), seen);
  },
);

test.serial(
  'a client that dies in the middle and comes back under its request id gets everything exactly once',
  async (t) => {
    const { client, gateway } = await gatewayOf(t, demoModels, { children: true, config: { threads: 1 } });
    const asked = request(4, 5, { requestId: 'nightly', detach: true, batchSize: 1 });
    const dying = connect(gateway.grpcAddress);
    const early: string[] = [];
    for await (const event of dying.attack(asked)) {
      if (event.$case !== 'result') continue;
      early.push(event.value.exampleKey);
      break;
    }
    dying.close();
    const whole = await collectAttack(client.attack(asked));
    t.deepEqual(early, ['scene 0']);
    t.deepEqual(
      whole.results.map(({ result }) => result.exampleKey),
      ['scene 0', 'scene 1', 'scene 2', 'scene 3'],
    );
    t.deepEqual(outcome(whole), outcome(await collectAttack(client.attack(request(4, 5, { batchSize: 1 })))));
    t.is((await client.listRuns()).runs.length, 2);
  },
);

test.serial('a cancelled run ends within one step, and the lane is free', async (t) => {
  const { client } = await gatewayOf(t, demoModels, { children: true, config: { threads: 1, limits: { runs: 1 } } });
  const runId = await begun(client, request(1, 10_000, { detach: true }));
  let step = 0;
  const error = await t.throwsAsync<RobustgateError>(async () => {
    for await (const event of attackEventsOf(client.watchRun({ runId }))) {
      if (event.$case !== 'progress' || event.value.step === 0) continue;
      step = event.value.step;
      if (step >= 3) await client.cancelRun({ runId });
    }
  });
  t.is(error?.code, 'CANCELLED');
  t.true(step < 100, `got step ${step}`);
  const { run } = await client.getRun({ runId });
  t.is(run?.state, RunState.CANCELLED);
  t.is((await collectAttack(client.attack(request(1, 1)))).results.length, 1);
});

test.serial('a gateway process that was killed replays what was completed, and says what it lost', async (t) => {
  const stateDirectory = await temporaryFolder(t);
  const before = await serve(t, stateDirectory);
  const asked = request(2, 3, { requestId: 'nightly' });
  const run = await collectAttack(before.client.attack(asked));
  const lost = await begun(before.client, request(2, 10_000, { detach: true }));
  before.child.kill('SIGKILL');
  await once(before.child, 'exit');

  const after = await serve(t, stateDirectory);
  t.deepEqual(await watched(after.client, run.started.runId), run);
  t.deepEqual(await collectAttack(after.client.attack(asked)), run, 'its request id replays it too');
  const { run: row } = await after.client.getRun({ runId: lost });
  t.like(row, { state: RunState.FAILED, errorMessage: 'gateway restarted', detached: true });
  t.like(await t.throwsAsync<RobustgateError>(watched(after.client, lost)), {
    statusName: 'UNAVAILABLE',
    message: 'gateway restarted',
  });
  after.child.kill('SIGTERM');
  const [code] = await once(after.child, 'exit');
  t.is(code, 0);
});
