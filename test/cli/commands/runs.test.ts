import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Client, collectAttack } from '../../../src/clients/index.js';
import { aborted, gate } from '../../support/gate.js';
import { type CliRun, runCli } from '../../support/run-cli.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { toyExample, toyGateway } from '../../support/toy-gateway.js';
import { toyProgress, toySummary } from '../../support/toy-hosts.js';

const request = { modelName: 'toy', examples: [toyExample(7, 'a')], attack: { name: 'pgd', steps: 2, epsilon: 2 } };

async function setUp(t: ExecutionContext) {
  const { client, gateway } = await toyGateway(t, {}, { config: { replica: 'gateway-0' } });
  const runs = (...argv: string[]): Promise<CliRun> => runCli(['runs', ...argv, '--server', gateway.grpcAddress]);
  return { client, runs, server: gateway.grpcAddress };
}

async function runOf(client: Client, change: object): Promise<string> {
  return (await collectAttack(client.attack({ ...request, ...change }))).started.runId;
}

test('runs lists the newest runs first, filtered and limited', async (t) => {
  const { client, runs } = await setUp(t);
  t.is((await runs()).stdout, 'no runs\n');
  const ids = [await runOf(client, {}), await runOf(client, { requestId: 'r' }), await runOf(client, {})];
  const { code, stdout } = await runs();
  t.is(code, 0);
  const rows = stdout.trim().split('\n').slice(2);
  t.deepEqual(
    rows.map((row) => row.split(' ')[0]),
    ids.toReversed(),
  );
  t.regex(rows[0] ?? '', /completed +toy 1 +1\/1 +\d{4}-\S+Z +pgd\(steps=2,eps=2\)@sum\(scene=1,reconstruction=1\)$/);
  t.is((await runs('--limit', '2')).stdout.trim().split('\n').length, 4);
  t.is((await runs('--state', 'failed')).stdout, 'no runs\n');
  t.is((await runs('--model', 'other')).stdout, 'no runs\n');
  const { runs: documents } = JSON.parse((await runs('--json')).stdout);
  t.like(documents[1], { id: ids[1], kind: 'attack', state: 'completed', requestId: 'r', terminatedBy: 'COMPLETED' });
});

test('runs get describes one, and says what is wrong with it', async (t) => {
  const { client, runs } = await setUp(t);
  const runId = await runOf(client, { requestId: 'nightly' });
  const { code, stdout } = await runs('get', runId);
  t.is(code, 0);
  const [first, second, third, fourth] = stdout.split('\n');
  t.is(first, `${runId}: completed, completed`);
  t.regex(second ?? '', /^pgd\(.*\) on toy version 1, sha256 sha of 1$/);
  t.is(third, 'examples 1/1, results kept, request id nightly');
  t.regex(fourth ?? '', /^admitted \S+Z, began \S+Z, ended \S+Z$/);
  t.is(JSON.parse((await runs('get', runId, '--json')).stdout).run.state, 'completed');
  const missing = await runs('get', `${runId}0`);
  t.is(missing.code, 2);
  t.regex(missing.stderr, /RUN_NOT_FOUND/);
});

test('runs watch shows an attack as attack does, and a measurement of gradients as gradient-norm does', async (t) => {
  const { client, runs } = await setUp(t);
  const runId = await runOf(client, { requestId: 'r' });
  const out = await temporaryFolder(t);
  const { code, stdout } = await runs('watch', runId, '--out', out);
  t.is(code, 0);
  t.regex(stdout, /^toy version 1: pgd/);
  t.regex(stdout, /1 examples, 1 broken/);
  t.deepEqual(await readdir(out), ['a.adversarial.png']);
  for await (const _ of client.gradientNorm({ ...request, requestId: 'g' } as never));
  const { runs: listed } = await client.listRuns();
  const measured = await runs('watch', listed[0]?.id ?? '');
  t.regex(measured.stdout, /^toy version 1: gradients in loss per pixel level/);
  const plain = await runs('watch', await runOf(client, {}));
  t.is(plain.code, 3);
  t.regex(plain.stderr, /RESULTS_NOT_KEPT/);
});

test('attack --detach prints the id of a run that goes on, and runs cancel ends it', async (t) => {
  const stopped = gate();
  const { gateway, client } = await toyGateway(t, {
    async *attack({ options: { signal } }) {
      yield toyProgress(1, 2);
      await aborted(signal);
      stopped.open();
      yield toySummary(0);
    },
  });
  const image = join(await temporaryFolder(t), 'a.npy');
  const { encodeNpy } = await import('../../../src/engine/index.js');
  await writeFile(image, encodeNpy({ data: new Uint8Array(12), shape: [3, 2, 2] }));
  const server = ['--server', gateway.grpcAddress];
  const argv = ['attack', ...server, '--model', 'toy', '--tensor', image, '--label-free', '--detach'];
  const { code, stdout } = await runCli([...argv, '--request-id', 'r']);
  t.is(code, 0);
  const runId = stdout.trim();
  t.like((await client.getRun({ runId })).run, { id: runId, detached: true, requestId: 'r' });
  t.is((await runCli([...argv, '--request-id', 'r', '--json'])).stdout.trim(), JSON.stringify({ runId }, undefined, 2));
  const cancelled = await runCli(['runs', 'cancel', runId, ...server]);
  t.regex(cancelled.stdout, /: cancelled\n[\s\S]*CANCELLED: expected run \S+ to go on, but it was cancelled\n$/);
  await stopped.opened;
  for (const other of [['--out', 'x'], ['--local'], ['--require', 'scene>=0.5']]) {
    const wrong = await runCli([...argv, ...other]);
    t.is(wrong.code, 2);
    t.regex(wrong.stderr, /expected --detach without --/);
  }
});

for (const [what, argv] of [
  ['no id', ['get']],
  ['an unknown state', ['--state', 'lost']],
  ['a limit of 0', ['--limit', '0']],
] as const) {
  test(`${what} is wrong usage`, async (t) => {
    t.is((await runCli(['runs', ...argv])).code, 2);
  });
}
