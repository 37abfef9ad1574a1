// Runs of probes on toy hosts, through the gateway: what goes to the lane, and what comes of what it says.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type ProbeRun, ProbeVerdict, type RobustgateError } from '../../../src/clients/index.js';
import {
  type AttackEvent,
  type AttackJob,
  EngineError,
  encodePng,
  type GradientNormJob,
} from '../../../src/engine/index.js';
import { startImagePool } from '../../../src/server/images/image-pool.js';
import { probePerformer } from '../../../src/server/probes/perform-probe.js';
import { probeConfigSchema } from '../../../src/server/probes/probe-config.js';
import { probeHistory } from '../../../src/server/probes/probe-history.js';
import { openDatabase } from '../../../src/server/store/database.js';
import { MIGRATIONS } from '../../../src/server/store/migrations/index.js';
import { aborted, gate } from '../../support/gate.js';
import { handClock } from '../../support/hand-clock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { type ToyGateway, toyGateway } from '../../support/toy-gateway.js';
import {
  type HostScript,
  type LaneCall,
  toyHosts,
  toyInfo,
  toyProgress,
  toyResult,
  toySummary,
} from '../../support/toy-hosts.js';

const nothing = (): void => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const unobserved = {
  traceParent: undefined,
  log: silent,
  admitted: nothing,
  saw: nothing,
  failed: nothing,
  close: nothing,
};

/** A manifest of images of the toy, all of class 1 of `scene`. */
async function dataset(t: ExecutionContext, count: number): Promise<string> {
  const folder = await temporaryFolder(t);
  const keys = Array.from({ length: count }, (_, i) => `image-${String(i).padStart(3, '0')}`);
  const png = encodePng({ width: 2, height: 2, channels: 3, data: new Uint8Array(12).fill(7) });
  await Promise.all(keys.map((key) => writeFile(join(folder, `${key}.png`), png)));
  const lines = keys.map((key) => JSON.stringify({ key, image: `${key}.png`, labels: { scene: 1 } }));
  await writeFile(join(folder, 'manifest.jsonl'), lines.join('\n'));
  return folder;
}

/** Breaks every example of the version that is loaded. */
async function* attackOf(job: AttackJob, sha256 = 'sha of 1'): AsyncGenerator<AttackEvent, void, void> {
  yield toyProgress(1, 2);
  for (const { key } of job.inputs) yield toyResult(key);
  const summary = toySummary(job.inputs.length);
  if (summary.type !== 'summary') return;
  const { provenance } = summary.summary;
  yield { ...summary, summary: { ...summary.summary, provenance: { ...provenance, modelSha256: sha256 } } };
}

async function setUp(
  t: ExecutionContext,
  script: HostScript,
  {
    count = 2,
    root,
    ...change
  }: { readonly count?: number; readonly root?: string; readonly [key: string]: unknown } = {},
): Promise<ToyGateway> {
  const probe = { name: 'p', schedule: '0 0 29 2 *', model: 'toy', dataset: 'toys', onNewVersion: 'never' };
  const usual = { reliability: false, attacks: ['pgd(steps=2,eps=4)@sum(scene=1)'] };
  const config = {
    datasets: { toys: { kind: 'manifest', root: root ?? (await dataset(t, count)) } },
    probes: [{ ...probe, ...usual, ...change }],
  };
  return await toyGateway(t, { attack: ({ job }) => attackOf(job), ...script }, { config });
}

async function runOf({ client }: ToyGateway): Promise<ProbeRun> {
  for await (const event of client.runProbe({ probe: 'p' })) if (event.$case === 'run') return event.value;
  throw new Error('expected a run');
}

test('attacks and gradients go to the attack lane as a probe, in full batches, a few examples at a time', async (t) => {
  const attacks: LaneCall<AttackJob>[] = [];
  const measurements: LaneCall<GradientNormJob>[] = [];
  const gateway = await setUp(
    t,
    {
      attack: (call) => {
        attacks.push(call);
        return attackOf(call.job);
      },
      // biome-ignore lint/correctness/useYield: it has nothing to say
      async *gradientNorm(call) {
        measurements.push(call as LaneCall<GradientNormJob>);
        throw new EngineError('GRADIENT_UNAVAILABLE', 'expected a path, got none');
      },
    },
    { count: 20, seed: 5, gradientExamples: 3 },
  );
  const run = await runOf(gateway);
  t.like(run, { verdict: ProbeVerdict.OK, examples: 20, imageSteps: 40n, seed: 5n, gradients: undefined });
  t.deepEqual(
    attacks.map(({ job }) => job.inputs.length),
    [16, 4],
  );
  for (const { options, model, job } of attacks) {
    t.like(options, { priority: 'probe', runId: run.runId, deadlineMs: undefined });
    t.like(model, { name: 'toy', version: '1' });
    t.like(job.spec, { attack: 'pgd', fullBatches: true, seed: 5 });
    t.like(job.inputs[0], { pixels: new Float32Array(12).fill(7), shape: [3, 2, 2] });
  }
  t.is(measurements.length, 1);
  t.is(measurements[0]?.options.priority, 'probe');
  t.deepEqual(
    measurements[0]?.job.inputs.map(({ key }) => key),
    ['image-000', 'image-001', 'image-002'],
  );
});

test('gradients that were measured are told with the run', async (t) => {
  const run = await runOf(await setUp(t, {}));
  t.deepEqual(run.gradients, { tasks: [{ task: 'scene', meanL2: 2 }], theorem1Factor: undefined });
});

test('gradients are not measured where nobody wants them', async (t) => {
  const run = await runOf(await setUp(t, { gradientNorm: () => t.fail() as never }, { gradientExamples: 0 }));
  t.is(run.gradients, undefined);
});

for (const [what, script, reason] of [
  [
    'the host dies',
    {
      // biome-ignore lint/correctness/useYield: it has nothing to say
      async *attack() {
        throw new EngineError('HOST_UNAVAILABLE', 'expected the host to live, but its process ended');
      },
    },
    'HOST_UNAVAILABLE',
  ],
  [
    'the host dies while gradients are measured',
    {
      // biome-ignore lint/correctness/useYield: it has nothing to say
      async *gradientNorm() {
        throw new EngineError('HOST_UNAVAILABLE', 'expected the host to live, but its process ended');
      },
    },
    'HOST_UNAVAILABLE',
  ],
  ['the bytes of the version change', { attack: ({ job }) => attackOf(job, 'other bytes') }, 'MODEL_CHANGED'],
  [
    'something is wrong with us',
    {
      // biome-ignore lint/correctness/useYield: it has nothing to say
      async *attack() {
        throw new TypeError('secret');
      },
    },
    'INTERNAL',
  ],
] as const satisfies readonly (readonly [string, HostScript, string])[]) {
  test(`a run has failed when ${what}`, async (t) => {
    const run = await runOf(await setUp(t, script));
    t.like(run, { verdict: ProbeVerdict.FAILED, reason, attacks: [], examples: 0 });
    t.notRegex(run.message, /secret/);
  });
}

test('a run that takes longer than it may stops and has failed, and its version is free again', async (t) => {
  const begun = gate();
  const clock = handClock(1000);
  const released: string[] = [];
  const pool = startImagePool({ maxPixels: 1000, maxBytes: 1e6 }, 1);
  const database = await openDatabase(':memory:', MIGRATIONS);
  t.teardown(async () => {
    database.close();
    await pool.close();
  });
  const history = probeHistory(database, { maxAgeMs: 1e6, maxRuns: 10 });
  const perform = probePerformer({
    lane: toyHosts({
      // biome-ignore lint/correctness/useYield: it has nothing to say
      async *attack({ options: { signal } }) {
        begun.open();
        await aborted(signal);
        signal.throwIfAborted();
      },
    }).attack,
    pool,
    datasets: { toys: { kind: 'manifest', root: await dataset(t, 1), followLinks: false, otherTasks: 'refuse' } },
    history,
    repository: {
      acquire: (name, version = '') => ({
        info: toyInfo({ name, version }),
        surrogate: () => undefined,
        release: () => void released.push(version),
      }),
    },
    clock,
    log: silent,
    runs: { begin: () => unobserved },
  });
  const probe = probeConfigSchema.parse({
    name: 'p',
    schedule: '@daily',
    model: 'toy',
    dataset: 'toys',
    timeoutSeconds: 60,
  });
  const task = { runId: 'late', probe, model: 'toy', version: '1', trigger: 'schedule' } as const;
  const running = perform(task, new AbortController().signal, () => undefined);
  await begun.opened;
  clock.moveTo(1000 + 59_999);
  clock.moveTo(1000 + 60_000);
  const run = await running;
  t.like(run, { verdict: 'failed', reason: 'PROBE_TIMEOUT', startedMs: 1000, finishedMs: 61_000, sequence: 1 });
  t.regex(run.message, /within 60 s/);
  t.deepEqual(released, ['1']);
  t.deepEqual(history.get('late'), run);
});

test('an example that cannot be read fails the run, and is named', async (t) => {
  const root = await dataset(t, 3);
  await writeFile(join(root, 'image-001.png'), 'no image');
  const run = await runOf(await setUp(t, {}, { root }));
  t.like(run, { verdict: ProbeVerdict.FAILED, reason: 'INVALID_DATASET' });
  t.regex(run.message, /image-001/);
});

test('an attack that does not fit the model fails the run', async (t) => {
  const run = await runOf(await setUp(t, {}, { attacks: ['pgd@sum(stuff=1)'] }));
  t.like(run, { verdict: ProbeVerdict.FAILED, reason: 'INVALID_REQUEST' });
  t.regex(run.message, /stuff/);
});

test('a drain ends a run without a trace, and tells those who follow it', async (t) => {
  const begun = gate();
  const gateway = await setUp(t, {
    // biome-ignore lint/correctness/useYield: it has nothing to say
    async *attack({ options: { signal } }) {
      begun.open();
      await aborted(signal);
      signal.throwIfAborted();
    },
  });
  const running = t.throwsAsync<RobustgateError>(runOf(gateway));
  await begun.opened;
  await gateway.gateway.drain();
  t.like(await running, { code: 'DRAINING', statusName: 'UNAVAILABLE' });
});

test('a gate that is missed is a regression, one that no task has fails the run', async (t) => {
  const missed = await runOf(await setUp(t, {}, { count: 12, gates: ['scene.accuracy >= 0.5'] }));
  t.like(missed, { verdict: ProbeVerdict.REGRESSION, reason: 'scene.accuracy >= 0.5' });
  const unknown = await runOf(await setUp(t, {}, { gates: ['stuff.accuracy >= 0.5'] }));
  t.like(unknown, { verdict: ProbeVerdict.FAILED, reason: 'INVALID_OPTION' });
});

test('metrics tell of a probe from the start, and of its runs', async (t) => {
  const gateway = await setUp(t, {});
  const metrics = async () => await (await fetch(`http://${gateway.gateway.adminAddress}/metrics`)).text();
  const before = await metrics();
  t.regex(before, /^robustgate_probe_info\{probe="p",model="toy",dataset="toys",.*\} 1$/m);
  t.regex(before, /^robustgate_probe_configured_timestamp_seconds\{probe="p",model="toy"\} /m);
  t.regex(before, /^robustgate_probe_next_run_timestamp_seconds\{probe="p",model="toy"\} /m);
  t.notRegex(before, /^robustgate_robust_score_ratio\{/m);
  await runOf(gateway);
  const after = await metrics();
  t.regex(after, /^robustgate_probe_runs_total\{probe="p",model="toy",verdict="ok"\} 1$/m);
  t.regex(
    after,
    /^robustgate_robust_score_ratio\{probe="p",model="toy",version="1",.*task="scene",metric="accuracy".*\} 0$/m,
  );
  t.regex(after, /^robustgate_probe_running\{probe="p",model="toy",version="1"\} 0$/m);
});
