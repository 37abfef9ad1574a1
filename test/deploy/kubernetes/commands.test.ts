import { execFile } from 'node:child_process';
import { appendFile, copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import type { IContainer, IVolume } from 'kubernetes-models/v1';
import { parse } from 'yaml';
import { PACKAGE_ROOT } from '../../../src/cli/package-version.js';
import { parseSpec } from '../../../src/engine/index.js';
import { type GatewayConfig, parseGatewayConfigText } from '../../../src/server/config.js';
import {
  find,
  idOf,
  type KubernetesObject,
  manifests,
  OVERLAYS,
  podOf,
  render,
  renderOverlay,
  renderWith,
  whyNoKustomize,
} from '../../support/kustomize.js';
import { parseCommand } from '../../support/parse-command.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { testWith } from '../../support/test-with.js';

const missing = whyNoKustomize();
const SERVERS = ['gateway', 'prober'] as const;
const SERVING = OVERLAYS.filter((name) => name !== 'sharded-evaluation');

/** The container that runs our program, with what can be mounted into it. */
function programOf(object: KubernetesObject): { readonly container: IContainer; readonly volumes: readonly IVolume[] } {
  const pod = podOf(object);
  const [container] = pod?.containers ?? [];
  if (container === undefined) throw new Error(`expected a container in ${idOf(object)}, got none`);
  return { container, volumes: pod?.volumes ?? [] };
}

/** The arguments, with the variables filled in as the kubelet does. */
function argumentsOf({ args = [], env = [] }: IContainer): readonly string[] {
  return args.map((arg) =>
    arg.replaceAll(/\$\((\w+)\)/g, (_, name: string) => {
      const variable = env.find((candidate) => candidate.name === name);
      if (variable === undefined) throw new Error(`expected a variable of the container, got ${name}`);
      return variable.value ?? `value-of-${name.toLowerCase().replaceAll('_', '-')}`;
    }),
  );
}

/** The volume behind a path in a container, and the path in it. */
function behind(
  path: string,
  object: KubernetesObject,
): { readonly volume: IVolume; readonly file: string } | undefined {
  const { container, volumes } = programOf(object);
  const mount = container.volumeMounts?.find(({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`));
  const volume = volumes.find(({ name }) => name === mount?.name);
  return volume && { volume, file: path.slice((mount?.mountPath.length ?? 0) + 1) };
}

for (const overlay of OVERLAYS) {
  testWith(missing, `the command line takes the commands of ${overlay}`, async (t) => {
    const objects = (await renderOverlay(overlay)).filter((object) => podOf(object) !== undefined);
    for (const object of objects) {
      const { container } = programOf(object);
      t.is(container.command, undefined, 'the image says which program it is');
      await t.notThrowsAsync(parseCommand(argumentsOf(container)), idOf(object));
    }
  });
}

testWith(missing, 'a command with an option that there is not would be found', async (t) => {
  const { container } = programOf(find(await renderOverlay('cpu'), 'CronJob', 'robustgate-nightly'));
  await t.throwsAsync(parseCommand([...argumentsOf(container), '--fail-uder=x']), { message: /--fail-uder/ });
});

const configText = (objects: readonly KubernetesObject[], name: string): string =>
  find(objects, 'ConfigMap', new RegExp(`^robustgate-${name}-`)).data?.[`${name}.yaml`] ?? '';

for (const overlay of SERVING) {
  testWith(missing, `the server takes the configurations of ${overlay}, and their files are mounted`, async (t) => {
    const objects = await renderOverlay(overlay);
    for (const name of SERVERS) {
      const object = find(objects, 'Deployment', `robustgate-${name}`);
      const config = parseGatewayConfigText(configText(objects, name));
      const { config: path } = await parseCommand(argumentsOf(programOf(object).container));
      const source = behind(`${path}`, object);
      t.regex(source?.volume.configMap?.name ?? '', new RegExp(`^robustgate-${name}-`));
      t.is(source?.file, `${name}.yaml`);
      t.truthy(behind(config.modelRepository, object));
      if (config.stateDirectory !== undefined)
        t.truthy(behind(config.stateDirectory, object)?.volume.persistentVolumeClaim);
      for (const [path, secret, key] of secretFiles(config)) {
        const place = behind(path, object);
        t.deepEqual([place?.volume.secret?.secretName, place?.file], [secret, key]);
      }
      t.is(config.tls === undefined, overlay === 'dev');
      t.is(config.allowUnauthenticated, overlay === 'dev');
      const { container } = programOf(object);
      const ports = [config.grpcAddress, config.adminAddress].map((address) => Number(address.split(':')[1]));
      t.deepEqual(
        container.ports?.map(({ containerPort }) => containerPort),
        ports,
      );
    }
  });
}

const secretFiles = ({ tls, auth }: GatewayConfig) =>
  [
    [tls?.certFile, 'robustgate-tls', 'tls.crt'],
    [tls?.keyFile, 'robustgate-tls', 'tls.key'],
    [tls?.clientCaFile, 'robustgate-tls', 'ca.crt'],
    [auth?.jwt?.jwksFile, 'robustgate-jwks', 'jwks.json'],
  ].flatMap(([path, secret, key]) => (path === undefined ? [] : [[path, secret, key] as const]));

testWith(
  missing,
  'nothing of the base listens beyond its own pod, and the variants differ only in who may call',
  async (t) => {
    const base = await render(join(manifests, 'base'));
    const sets = [base, await renderOverlay('cpu'), await renderOverlay('dev')];
    for (const name of SERVERS) {
      t.like(parseGatewayConfigText(configText(base, name)), {
        grpcAddress: '127.0.0.1:8001',
        adminAddress: '127.0.0.1:8002',
      });
      const [shared, ...others] = sets.map((objects) => {
        const { grpcAddress, adminAddress, tls, auth, allowUnauthenticated, ...rest } = parse(
          configText(objects, name),
        );
        return rest;
      });
      for (const other of others) t.deepEqual(other, shared, name);
    }
  },
);

testWith(missing, 'the nightly evaluation proves who it is in a way that the gateway believes', async (t) => {
  const objects = await renderOverlay('cpu');
  const nightly = find(objects, 'CronJob', 'robustgate-nightly');
  const { container, volumes } = programOf(nightly);
  const options = await parseCommand(argumentsOf(container));
  for (const [option, key] of [
    ['ca', 'ca.crt'],
    ['cert', 'tls.crt'],
    ['key', 'tls.key'],
  ] as const) {
    const place = behind(`${options[option]}`, nightly);
    t.deepEqual([place?.volume.secret?.secretName, place?.file], ['robustgate-client-tls', key]);
  }
  const token = behind(`${options['tokenFile']}`, nightly);
  const jwt = parseGatewayConfigText(configText(objects, 'gateway')).auth?.jwt;
  t.deepEqual(volumes.find(({ name }) => name === token?.volume.name)?.projected?.sources, [
    { serviceAccountToken: { audience: jwt?.audience ?? '', expirationSeconds: 3600, path: token?.file ?? '' } },
  ]);
  const { serviceAccountName } = podOf(nightly) ?? {};
  t.deepEqual(jwt?.subjects, [
    { subject: `system:serviceaccount:${nightly.metadata.namespace}:${serviceAccountName}`, roles: ['attack'] },
  ]);
});

testWith(missing, 'addresses are those of the Services', async (t) => {
  const objects = await renderOverlay('cpu');
  const addressOf = (name: string): string => {
    const { metadata, spec } = find(objects, 'Service', name);
    const { port } = spec.ports.find((candidate: { name: string }) => candidate.name === 'grpc');
    return `${metadata.name}.${metadata.namespace}.svc:${port}`;
  };
  const nightly = programOf(find(objects, 'CronJob', 'robustgate-nightly')).container;
  t.is((await parseCommand(argumentsOf(nightly)))['server'], addressOf('robustgate-gateway'));
  // A replica is an endpoint of a headless Service: cluster DNS has it below the Service, by its address with hyphens.
  t.is(find(objects, 'Service', 'robustgate-gateway').spec.clusterIP, 'None');
  const { advertisedAddress } = parseGatewayConfigText(configText(objects, 'gateway'));
  t.is(advertisedAddress, `{replica}.${addressOf('robustgate-gateway')}`);
  const prober = parseGatewayConfigText(configText(objects, 'prober'));
  t.is(prober.advertisedAddress?.replace('{replica}', prober.replica), addressOf('robustgate-prober'));
});

testWith(missing, 'probes and evaluations name attacks and scenes that there are', async (t) => {
  const { probes, datasets } = parseGatewayConfigText(configText(await renderOverlay('cpu'), 'prober'));
  t.is(probes.length, 1);
  for (const { root } of Object.values(datasets)) t.is(root, '/app/demo/scenes');
  const jobs = [find(await renderOverlay('cpu'), 'CronJob', 'robustgate-nightly')];
  jobs.push(find(await renderOverlay('sharded-evaluation'), 'Job', /^robustgate-evaluation/));
  for (const job of jobs) {
    const { attack, out, datasetPath } = await parseCommand(argumentsOf(programOf(job).container));
    for (const text of attack as readonly string[]) t.notThrows(() => parseSpec(text));
    t.is(out, '/results/value-of-job-name', 'each Job has a folder of its own');
    t.is(datasetPath, '/app/demo/scenes');
  }
});

testWith(missing, 'the number of shards is the same everywhere', async (t) => {
  const objects = await renderOverlay('sharded-evaluation');
  const evaluation = find(objects, 'Job', /^robustgate-evaluation/);
  const { completionMode, completions, backoffLimitPerIndex } = evaluation.spec;
  t.is(completionMode, 'Indexed');
  t.true(backoffLimitPerIndex > 0);
  const { shard } = await parseCommand(argumentsOf(programOf(evaluation).container));
  const { waitFor } = await parseCommand(argumentsOf(programOf(find(objects, 'Job', /^robustgate-merge/)).container));
  t.deepEqual([shard, waitFor], [`auto/${completions}`, completions]);
});

testWith(missing, 'the queue of Kueue starts the shards, and nothing else', async (t) => {
  const objects = await renderWith(t, 'sharded-evaluation', ['kueue']);
  const isQueued = ({ metadata, spec }: KubernetesObject): boolean =>
    metadata.labels?.['kueue.x-k8s.io/queue-name'] === 'robustgate' && spec.suspend === true;
  const jobs = objects.filter(({ kind }) => kind === 'Job').map((job) => [job.metadata.name, isQueued(job)]);
  t.deepEqual(jobs, [
    ['robustgate-evaluation-1', true],
    ['robustgate-merge-1', false],
  ]);
});

const demo = fileURLToPath(new URL('demo/models', PACKAGE_ROOT));

testWith(missing, 'models are copied only when each is there, listed and unchanged', async (t) => {
  const [copy] = podOf(find(await renderOverlay('dev'), 'Deployment', 'robustgate-gateway'))?.initContainers ?? [];
  const sums = find(await renderOverlay('dev'), 'ConfigMap', /^robustgate-models-sums/).data?.['SHA256SUMS'] ?? '';
  t.deepEqual(copy?.env, [{ name: 'SOURCE', value: '/app/demo/models' }]);
  const folder = await temporaryFolder(t);
  const [source, models] = [join(folder, 'source'), join(folder, 'models')];
  await writeFile(join(folder, 'SHA256SUMS'), sums);
  const [shell = '', flags = '', script = ''] = copy?.command ?? [];
  const start = async (): Promise<boolean> => {
    await rm(models, { recursive: true, force: true });
    await mkdir(models);
    const here = script.replaceAll('/models', models).replaceAll('/sums', folder);
    const run = promisify(execFile)(shell, [flags, here], { env: { ...process.env, SOURCE: source } });
    return await run.then(
      () => true,
      () => false,
    );
  };
  await cp(demo, source, { recursive: true });
  t.true(await start());
  await writeFile(join(source, 'extra.yaml'), '');
  t.false(await start(), 'a file that is not listed');
  await rm(join(source, 'extra.yaml'));
  await appendFile(join(source, 'street/model.yaml'), '\n');
  t.false(await start(), 'a file that was changed');
  await copyFile(join(demo, 'street/model.yaml'), join(source, 'street/model.yaml'));
  t.true(await start());
  await writeFile(
    join(folder, 'SHA256SUMS'),
    sums.replace(/^\w+ {2}\.\/street\/model\.yaml$/m, 'none  ./street/model.yaml'),
  );
  t.false(await start(), 'a line that is no sum');
  await writeFile(join(folder, 'SHA256SUMS'), sums);
  await rm(join(source, 'street/model.yaml'));
  t.false(await start(), 'a file that is missing');
});

test('the command line takes the commands of the page about Kubernetes', async (t) => {
  const page = await readFile(new URL('docs/KUBERNETES.md', PACKAGE_ROOT), 'utf8');
  const commands = [...page.matchAll(/(?:node bin\/robustgate\.js|`robustgate) ([^`\n]+)[`\n]/g)].map(
    ([, words = '']) => words,
  );
  t.deepEqual(commands, ['probes run street', 'evaluate', 'serve --check-config --config gateway.yaml']);
  for (const words of commands.filter((one) => one.includes(' ')))
    await t.notThrowsAsync(parseCommand(words.split(' ')));
});
