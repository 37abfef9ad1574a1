// The Jobs of the manifests, as processes of this machine: each with the environment that the kubelet would give it.
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { PACKAGE_ROOT } from '../../src/cli/package-version.js';
import { find, type KubernetesObject, podOf, renderOverlay, whyNoKustomize } from '../support/kustomize.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { testWith } from '../support/test-with.js';

const missing = whyNoKustomize();
const at = (path: string): string => fileURLToPath(new URL(path, PACKAGE_ROOT));

interface Finished {
  readonly code: number;
  readonly stderr: string;
}

/** Runs the command of a Job with volumes that are folders here. */
async function runPod(
  job: KubernetesObject,
  results: string,
  env: Readonly<Record<string, string>>,
  change: (argument: string) => readonly string[] = (argument) => [argument],
): Promise<Finished> {
  const [container] = podOf(job)?.containers ?? [];
  const variables: Record<string, string> = { JOB_NAME: job.metadata.name, ...env };
  for (const { name, value } of container?.env ?? []) if (value !== undefined) variables[name] = value;
  const words = (container?.args ?? []).flatMap(change).map((argument) =>
    argument
      .replaceAll(/\$\((\w+)\)/g, (_, name: string) => variables[name] ?? '')
      .replace('/app/demo', at('demo'))
      .replace(/(?<=^|=)\/models/, at('demo/models'))
      .replace(/(?<=^|=)\/results/, results),
  );
  const run = promisify(execFile)(process.execPath, [at('bin/robustgate.js'), ...words], {
    env: { ...process.env, ...variables },
  });
  return await run.then(
    ({ stderr }) => ({ code: 0, stderr }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
  );
}

/** Fewer steps, radii and examples: what is tested is how the parts come together. */
const small = (argument: string): readonly string[] => {
  if (argument.startsWith('--attack='))
    return [argument.replace(/steps=\d+/, 'steps=2'), '--limit=6', '--no-reliability'];
  if (argument.startsWith('--epsilon=')) return ['--epsilon=1,2'];
  return [argument];
};

async function resultOf(folder: string): Promise<Record<string, unknown>> {
  const { identity, attacks, examples, gates } = JSON.parse(await readFile(join(folder, 'result.json'), 'utf8'));
  return { identity, attacks, examples, gates };
}

testWith(
  missing,
  'four shards of the Indexed Job, merged by the other Job, are the evaluation as a whole',
  async (t) => {
    const objects = await renderOverlay('sharded-evaluation');
    const evaluation = find(objects, 'Job', /^robustgate-evaluation/);
    const merge = find(objects, 'Job', /^robustgate-merge/);
    const folder = await temporaryFolder(t);
    // The other Job is there first, and waits.
    const merged = runPod(merge, folder, {}, (argument) => [argument.replace(/timeout=\d+/, 'timeout=600')]);
    const { completions } = evaluation.spec;
    for (let i = 0; i < completions; i++) {
      const shard = await runPod(evaluation, folder, { JOB_COMPLETION_INDEX: `${i}` }, small);
      t.is(shard.code, 0, shard.stderr);
    }
    const { code, stderr } = await merged;
    t.is(code, 0, stderr);
    await isWhole(t, evaluation, folder);
  },
);

async function isWhole(t: ExecutionContext, evaluation: KubernetesObject, folder: string): Promise<void> {
  const alone = join(folder, 'alone');
  await mkdir(alone);
  const gate = '--fail-under=segmentation.clean_miou >= 0.8';
  const one = (argument: string): readonly string[] => (argument.startsWith('--shard=') ? [gate] : small(argument));
  const { code, stderr } = await runPod(evaluation, alone, {}, one);
  t.is(code, 0, stderr);
  const { name } = evaluation.metadata;
  t.deepEqual(await resultOf(join(folder, name)), await resultOf(join(alone, name)));
}

testWith(missing, 'a shard without an index is wrong usage, which the Job does not try again', async (t) => {
  const evaluation = find(await renderOverlay('sharded-evaluation'), 'Job', /^robustgate-evaluation/);
  const { code, stderr } = await runPod(evaluation, await temporaryFolder(t), {}, small);
  t.is(code, 2);
  t.regex(stderr, /JOB_COMPLETION_INDEX/);
});

testWith(missing, 'the gates of the nightly evaluation are on figures that the demo model has', async (t) => {
  const nightly = find(await renderOverlay('dev'), 'CronJob', 'robustgate-nightly');
  const local = (argument: string): readonly string[] =>
    argument.startsWith('--server=') ? ['--local', '--models=/models'] : small(argument);
  const folder = await temporaryFolder(t);
  const { code, stderr } = await runPod(nightly, folder, {}, local);
  t.is(code, 0, stderr);
  const { gates } = await resultOf(join(folder, 'robustgate-nightly'));
  t.deepEqual(
    (gates as { verdict: string }[]).map(({ verdict }) => verdict),
    ['pass', 'pass', 'pass'],
  );
});
