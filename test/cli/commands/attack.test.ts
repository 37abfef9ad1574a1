import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Combination, HoudiniPush, Norm, RandomStart } from '../../../src/clients/index.js';
import { AttackRequest } from '../../../src/contract/robustgate/v1/attack.js';
import { decodeNpy } from '../../../src/engine/index.js';
import { attackSetUp } from '../../support/attack-script.js';
import { runCli } from '../../support/run-cli.js';

test('attack prints tables, writes files, and tells progress and warnings as JSON lines', async (t) => {
  const { folder, argv } = await attackSetUp(t);
  const { code, stdout, stderr } = await runCli([...argv, '--out', join(folder, 'out')]);
  t.is(code, 0);
  t.regex(stdout, /pgd\(steps=2,eps=4\)@sum\(class=1\), seed 7/);
  t.regex(stdout, /^class +yes +accuracy ↑ +1\.0000 +0\.2500 +– +0\.5000 +–$/m);
  t.regex(stdout, /^a\.png +4\/255 +2 +completed +class 1\.0000 → 0\.2500$/m);
  const files = ['a.adversarial.npy', 'a.adversarial.png', 'a.parts.clean.png'];
  t.deepEqual((await readdir(join(folder, 'out'))).sort(), files);
  t.deepEqual([...(await readFile(join(folder, 'out/a.adversarial.png')))], [1, 2, 3]);
  t.deepEqual(decodeNpy(await readFile(join(folder, 'out/a.adversarial.npy'))), {
    data: Float32Array.of(1),
    shape: [1],
  });
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.like(lines[0], { event: 'progress', phase: 'QUEUED', queuePosition: 2 });
  t.like(lines[1], { event: 'progress', phase: 'ATTACKING', fraction: 0.5, step: 1 });
  t.deepEqual(lines[2], { event: 'log', message: 'warning: a.png: ZERO_GRADIENT: nothing to follow' });
});

test('attack --json prints one document', async (t) => {
  const { folder, argv } = await attackSetUp(t);
  const { stdout } = await runCli([...argv, '--json', '--out', join(folder, 'out')]);
  const { started, results, summary } = JSON.parse(stdout);
  t.like(started, { runId: 'r', seed: 7 });
  t.like(results[0], { exampleKey: 'a.png', terminatedBy: 'COMPLETED' });
  t.is(results[0].files.length, 3);
  t.like(summary.tasks[0].adversarial, { name: 'accuracy', value: 0.25 });
});

test('attack shows a live line on a terminal, and wipes it', async (t) => {
  const { argv } = await attackSetUp(t);
  const { stderr } = await runCli(argv, { isTerminal: true, columns: 60, env: { NO_COLOR: '1' } });
  t.true(stderr.startsWith('\r\u001b[2Kqueued, 2 ahead  examples 0/0'), stderr);
  t.true(stderr.includes('\r\u001b[2Kwarning: a.png: ZERO_GRADIENT: nothing to follow\n'), stderr);
});

test('attack sends every option, and leaves out what is not given', async (t) => {
  const requests: AttackRequest[] = [];
  const { argv } = await attackSetUp(t, (request) => requests.push(request));
  await runCli(argv);
  const options =
    '--version 3 --attack houdini --epsilon 0 --steps 5 --step-size 0.5 --restarts 2 --random-start none --norm l2 --decay 0 ' +
    '--push one-sided --combination balanced --task class=0.5 --task depth --loss depth=mse --seed 9 --targeted --label-free ' +
    '--early-stop --compat --raw-gradient --iterate best --batch-size 4 --label class=1';
  await runCli([...argv, ...options.split(' ')]);
  const [plain, full] = requests;
  t.deepEqual(plain?.attack, AttackRequest.fromPartial({ attack: { name: 'pgd' } }).attack);
  t.deepEqual(plain?.objective, { combination: undefined, tasks: [] });
  t.like(plain, { modelVersion: undefined, targeted: undefined, labelFree: undefined, seed: undefined, fields: [] });
  t.deepEqual(full?.attack, {
    name: 'houdini',
    epsilon: 0,
    steps: 5,
    stepSize: 0.5,
    restarts: 2,
    randomStart: RandomStart.NONE,
    norm: Norm.L2,
    decay: 0,
    houdiniPush: HoudiniPush.ONE_SIDED,
    iterate: 2,
    earlyStop: true,
    mtrobustCompat: true,
    normalizeGradient: false,
  });
  t.deepEqual(full?.objective, {
    combination: Combination.BALANCED,
    tasks: [
      { task: 'class', weight: 0.5, loss: undefined },
      { task: 'depth', weight: undefined, loss: 'mse' },
    ],
  });
  t.like(full, { modelVersion: '3', targeted: true, labelFree: true, seed: 9n, batchSize: 4 });
});

for (const [condition, code] of [
  ['class>=0.25', 0],
  ['class>=0.26', 1],
  ['class<=0.3', 0],
  ['class<=0.2', 1],
  ['depth>=0', 2],
] as const) {
  test(`attack --require ${condition} exits with ${code}`, async (t) => {
    const { argv } = await attackSetUp(t);
    const run = await runCli([...argv, '--require', condition]);
    t.is(run.code, code);
    if (code === 1) t.regex(run.stderr, /robustgate: class: expected accuracy .* under attack, got 0\.2500/);
  });
}
