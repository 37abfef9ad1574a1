import test, { type ExecutionContext } from 'ava';
import { run } from '../../../src/cli/run.js';
import type { FinishedRun } from '../../../src/server/probes/probe-history.js';
import { finishedRun } from '../../support/finished-runs.js';
import { gatewayWithRuns } from '../../support/probing-gateway.js';
import { type CliRun, runCli } from '../../support/run-cli.js';

const figures = (verdict: 'ok' | 'suspect') => ({
  spec: 'pgd(steps=50,eps=4)@sum(scene=1)',
  attack: 'pgd',
  objective: 'sum(scene=1)',
  epsilon: 4,
  examples: 9,
  broken: 3,
  verdict,
  doubts: verdict === 'ok' ? [] : [{ reason: 'ZERO_GRADIENT', message: 'all are 0' }],
  worst: [],
  tasks: [
    {
      task: 'scene',
      attacked: true,
      metric: 'accuracy',
      unit: '',
      higherIsBetter: true,
      examples: 9,
      clean: { value: 1 },
      adversarial: { value: 0.5, lower: 0.25, upper: 0.75 },
    },
  ],
});

const good = finishedRun('good', { attacks: [figures('ok')], gradients: { tasks: [{ task: 'scene', meanL2: 0.25 }] } });
const doubtful = finishedRun('doubtful', {
  verdict: 'suspect',
  reason: 'ZERO_GRADIENT',
  message: 'all are 0',
  doubts: figures('suspect').doubts,
  attacks: [figures('suspect')],
});

async function setUp(t: ExecutionContext, runs: readonly FinishedRun[] = []) {
  const { gateway } = await gatewayWithRuns(t, runs);
  return (argv: readonly string[], signal?: AbortSignal): Promise<CliRun> =>
    runCli(['probes', ...argv, '--server', gateway.grpcAddress], signal === undefined ? {} : { signal });
}

test('probes are listed with their schedules and last runs', async (t) => {
  const probes = await setUp(t, [good, doubtful]);
  const { code, stdout } = await probes([]);
  t.is(code, 0);
  t.regex(
    stdout,
    /^nightly +idle +0 0 29 2 \* UTC +\d{4}-02-29T00:00:00.000Z +toy +suspect 1970-01-01T00:00:02.000Z$/m,
  );
  const [document] = JSON.parse((await probes(['--json'])).stdout).probes;
  t.like(document, { name: 'nightly', state: 'IDLE', models: ['toy'] });
  t.is(document.lastRuns[0].verdict, 'SUSPECT');
});

test('the history shows figures of runs that can be trusted, and of others why they cannot', async (t) => {
  const probes = await setUp(t, [good, doubtful]);
  const { stdout } = await probes(['history', 'nightly']);
  const [doubt, fine] = stdout.trim().split('\n').slice(2);
  t.regex(doubt ?? '', /doubtful .* suspect +ZERO_GRADIENT$/);
  t.regex(fine ?? '', /good .* ok +scene\.accuracy 0\.5000 \(0\.2500 … 0\.7500\)$/);
  t.is((await probes(['history', '--verdict', 'failed'])).stdout, 'no runs\n');
  t.is((await probes(['history', 'hourly'])).stdout, 'no runs\n');
  t.is((await probes(['history', '--limit', '1'])).stdout.trim().split('\n').length, 3);
  t.is((await probes(['history', '--limit', '0'])).code, 2);
});

test('one run is described with all of its figures, those in doubt marked', async (t) => {
  const probes = await setUp(t, [good, doubtful]);
  const { stdout: fine } = await probes(['get', 'good']);
  t.regex(fine, /^good: ok$/m);
  t.regex(fine, /^pgd\(steps=50,eps=4\)@sum\(scene=1\): 9 examples, 3 broken$/m);
  t.regex(fine, /^scene +yes +accuracy ↑ +1\.0000 +0\.5000 \(0\.2500 … 0\.7500\) +–$/m);
  t.regex(fine, /gradient norms per level: scene 0\.2500/);
  const { stdout: doubt } = await probes(['get', 'doubtful']);
  t.regex(doubt, /^doubtful: suspect, ZERO_GRADIENT: all are 0$/m);
  t.regex(doubt, /9 examples, 3 broken, SUSPECT$/m);
  t.regex(doubt, /0\.5000 \(0\.2500 … 0\.7500\) \?/);
  t.is((await probes(['get', 'none'])).code, 2);
});

test('a run now ends with its run; one that failed is no judgement of the model', async (t) => {
  const probes = await setUp(t);
  const { code, stdout } = await probes(['run', 'nightly']);
  t.is(code, 3);
  t.regex(stdout, /: failed, INVALID_DATASET: /);
  const [document] = JSON.parse((await probes(['run', 'nightly', '--model', 'toy', '--json'])).stdout).runs;
  t.like(document, { verdict: 'FAILED', trigger: 'REQUEST', reason: 'INVALID_DATASET' });
  const unknown = await probes(['run', 'hourly']);
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /PROBE_NOT_FOUND: expected one of the probes nightly, got hourly/);
  t.is((await probes(['run', 'nightly', '--model-version', '1'])).code, 2);
});

test('watching tells stored runs, a line each, until it is interrupted', async (t) => {
  const { gateway } = await gatewayWithRuns(t, [good, doubtful]);
  const controller = new AbortController();
  const lines: string[] = [];
  const context = {
    env: {},
    signal: controller.signal,
    stderr: { write: () => undefined },
    stdout: {
      write: (text: string) => {
        lines.push(text);
        if (lines.length === 2) controller.abort();
      },
    },
  };
  const code = await run(['probes', 'watch', '--after-sequence', '0', '--server', gateway.grpcAddress], context);
  t.is(code, 3);
  t.is(lines[0], '1 1970-01-01T00:00:02.000Z nightly on toy 1: ok scene.accuracy 0.5000 (0.2500 … 0.7500)\n');
  t.is(lines[1], '2 1970-01-01T00:00:02.000Z nightly on toy 1: suspect ZERO_GRADIENT: all are 0\n');
});
