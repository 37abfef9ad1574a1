// The Jobs of the manifests, as processes of this machine: each with the environment that the kubelet would give it.
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { parse } from 'yaml';
import { PACKAGE_ROOT } from '../../src/cli/package-version.js';
import { authority } from '../support/authority.js';
import { demoModels, gatewayOf } from '../support/gateway.js';
import { find, type KubernetesObject, podOf, renderOverlay, whyNoKustomize } from '../support/kustomize.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { succeeds, testWith } from '../support/test-with.js';

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

const needed = missing ?? (succeeds('openssl', 'version') ? undefined : 'install openssl');

testWith(
  needed,
  'the nightly evaluation is let in by the gateway of the same overlay, and not with a token of another',
  async (t) => {
    t.timeout(300_000);
    const objects = await renderOverlay('cpu');
    const text = find(objects, 'ConfigMap', /^robustgate-gateway-/).data?.['gateway.yaml'] ?? '';
    const { path, issue } = await authority(t);
    await issue('nightly', 'DNS:nightly');
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    await writeFile(path('jwks.json'), JSON.stringify({ keys: [await exportJWK(publicKey)] }));
    // Where the Secrets are mounted.
    const here = (words: string): string =>
      words
        .replace('/etc/robustgate/tls/tls', path('gateway'))
        .replace('/etc/robustgate/tls/ca', path('ca'))
        .replace('/etc/robustgate/jwks/jwks', path('jwks'))
        .replace('/etc/robustgate/client/ca', path('ca'))
        .replace('/etc/robustgate/client/tls', path('nightly'))
        .replace('/var/run/secrets/robustgate/token', path('token'));
    const config = { ...parse(text.split('\n').map(here).join('\n')), modelRepository: demoModels };
    const free = { grpcAddress: '127.0.0.1:0', adminAddress: '127.0.0.1:0' };
    const { gateway } = await gatewayOf(t, demoModels, { children: true, config: { ...config, ...free } });
    const tokenOf = (account: string): Promise<string> =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'RS256' })
        .setIssuer(config.auth.jwt.issuer)
        .setAudience('robustgate')
        .setSubject(`system:serviceaccount:robustgate:${account}`)
        .setExpirationTime('10m')
        .sign(privateKey);
    const nightly = find(objects, 'CronJob', 'robustgate-nightly');
    const folder = await temporaryFolder(t);
    const called = (argument: string): readonly string[] =>
      argument.startsWith('--server=')
        ? [`--server=localhost:${gateway.grpcAddress.split(':')[1]}`]
        : small(here(argument));
    await writeFile(path('token'), await tokenOf('robustgate-nightly'));
    const { code, stderr } = await runPod(nightly, folder, {}, called);
    t.is(code, 0, stderr);
    await writeFile(path('token'), await tokenOf('default'));
    const stranger = await runPod(nightly, await temporaryFolder(t), {}, called);
    t.not(stranger.code, 0);
    t.regex(stranger.stderr, /PERMISSION_DENIED: expected the role predict, got none/);
  },
);
