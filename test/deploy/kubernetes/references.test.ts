import { readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IPodSpec } from 'kubernetes-models/v1';
import { PACKAGE_ROOT } from '../../../src/cli/package-version.js';
import {
  find,
  idOf,
  type KubernetesObject,
  manifests,
  OPTIONAL,
  OVERLAYS,
  podOf,
  render,
  renderOverlay,
  renderWith,
  whyNoKustomize,
} from '../../support/kustomize.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { testWith } from '../../support/test-with.js';

const missing = whyNoKustomize();

/** Secrets that users make, and the keys that we read of them: docs/KUBERNETES.md lists the same. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  'robustgate-tls': ['tls.crt', 'tls.key', 'ca.crt'],
  'robustgate-client-tls': ['tls.crt', 'tls.key', 'ca.crt'],
  'robustgate-jwks': ['jwks.json'],
};

/** Overlays with gateways. */
const SERVING = OVERLAYS.filter((name) => name !== 'sharded-evaluation');

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values: string[] }[];
}

/** Whether a selector, of which we use `In` alone, fits labels. */
function selects(
  { matchLabels = {}, matchExpressions = [] }: Selector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const areEqual = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return (
    areEqual &&
    matchExpressions.every(({ key, operator, values }) => operator === 'In' && values.includes(labels[key] ?? ''))
  );
}

type Pod = NonNullable<ReturnType<typeof podOf>>;

const podsOf = (objects: readonly KubernetesObject[]): readonly (readonly [string, Pod])[] =>
  objects.flatMap((object) => {
    const pod = podOf(object);
    return pod === undefined ? [] : [[idOf(object), pod] as const];
  });

const portNames = (pods: readonly Pod[]): readonly string[] =>
  pods.flatMap(({ containers }) => containers.flatMap(({ ports }) => (ports ?? []).map(({ name }) => name ?? '')));

/** What a pod needs beside itself, as `KIND/NAME`. */
function needsOf({ serviceAccountName, volumes = [] }: IPodSpec): readonly string[] {
  const ofVolumes = volumes.flatMap(({ configMap, secret, persistentVolumeClaim }) => [
    ...(configMap ? [`ConfigMap/${configMap.name}`] : []),
    ...(secret ? [`Secret/${secret.secretName}`] : []),
    ...(persistentVolumeClaim ? [`PersistentVolumeClaim/${persistentVolumeClaim.claimName}`] : []),
  ]);
  return [`ServiceAccount/${serviceAccountName}`, ...ofVolumes];
}

for (const overlay of OVERLAYS) {
  testWith(missing, `what the pods of ${overlay} need is there, or a Secret that users make`, async (t) => {
    const objects = await renderOverlay(overlay);
    // Shards read the models of the gateways beside them.
    const beside = overlay === 'sharded-evaluation' ? ['PersistentVolumeClaim/robustgate-models'] : [];
    const there = new Set([...objects.map(idOf), ...Object.keys(SECRETS).map((name) => `Secret/${name}`), ...beside]);
    const needs = new Set(podsOf(objects).flatMap(([, pod]) => needsOf(pod)));
    t.deepEqual(
      [...needs].filter((need) => !there.has(need)),
      [],
    );
    const isForPods = ({ kind }: KubernetesObject): boolean =>
      ['ConfigMap', 'PersistentVolumeClaim', 'ServiceAccount'].includes(kind);
    t.deepEqual(
      objects
        .filter(isForPods)
        .map(idOf)
        .filter((id) => !needs.has(id)),
      [],
      'nothing that no pod needs',
    );
  });

  testWith(missing, `each volume of ${overlay} is mounted, and each mount has a volume`, async (t) => {
    for (const [where, { volumes, initContainers = [], containers }] of podsOf(await renderOverlay(overlay))) {
      const names = (volumes ?? []).map(({ name }) => name).sort();
      const mounts = [...initContainers, ...containers].flatMap(({ volumeMounts }) => volumeMounts ?? []);
      t.deepEqual([...new Set(mounts.map(({ name }) => name))].sort(), names, where);
    }
  });
}

for (const overlay of SERVING) {
  testWith(missing, `the ports that ${overlay} names are those of containers`, async (t) => {
    const objects = await renderOverlay(overlay);
    for (const [where, pod] of podsOf(objects)) {
      const probes = pod.containers.flatMap((one) => [one.startupProbe, one.livenessProbe, one.readinessProbe]);
      for (const probe of probes) {
        if (probe) t.true(portNames([pod]).includes(`${probe.httpGet?.port}`), where);
      }
    }
    for (const service of objects.filter(({ kind }) => kind === 'Service')) {
      const { selector, ports } = service.spec;
      const chosen = podsOf(objects).filter(([, { labels }]) => selects({ matchLabels: selector }, labels));
      t.deepEqual(
        chosen.map(([id]) => id),
        [`Deployment/${service.metadata.name}`],
      );
      for (const { name, port, targetPort } of ports) {
        const found = chosen[0]?.[1].containers[0]?.ports?.find((candidate) => candidate.name === targetPort);
        t.is(found?.containerPort, port, `${idOf(service)}: ${name}`);
      }
    }
  });

  testWith(missing, `selectors of ${overlay} choose the pods that they are meant for`, async (t) => {
    const objects = await renderOverlay(overlay);
    for (const object of objects) {
      const { selector, podSelector } = object.spec ?? {};
      if (object.kind === 'Deployment') {
        t.true(selects(selector, podOf(object)?.labels ?? {}), idOf(object));
        t.false('app.kubernetes.io/version' in selector.matchLabels, 'a selector cannot change with the version');
      }
      if (object.kind === 'PodDisruptionBudget' || object.kind === 'NetworkPolicy') {
        const chosen = podsOf(objects).filter(([, { labels }]) => selects(selector ?? podSelector, labels));
        t.true(chosen.length > 0, idOf(object));
      }
    }
  });
}

for (const overlay of OVERLAYS) {
  testWith(missing, `exit codes that ${overlay} judges are those of its own containers`, async (t) => {
    for (const { kind, spec } of await renderOverlay(overlay)) {
      const job = kind === 'CronJob' ? spec.jobTemplate.spec : spec;
      if (kind !== 'CronJob' && kind !== 'Job') continue;
      t.is(job.template.spec.restartPolicy, 'Never');
      const rules = job.podFailurePolicy.rules.map(
        ({
          action,
          onExitCodes,
          onPodConditions,
        }: {
          action: string;
          onExitCodes?: object;
          onPodConditions?: object[];
        }) => ({
          action,
          on: onExitCodes ?? onPodConditions?.[0],
        }),
      );
      const [{ name: containerName }] = job.template.spec.containers;
      t.deepEqual(rules, [
        { action: 'Ignore', on: { type: 'DisruptionTarget', status: 'True' } },
        { action: 'FailJob', on: { containerName, operator: 'In', values: [1, 2] } },
        { action: 'Count', on: { containerName, operator: 'In', values: [3] } },
      ]);
    }
  });
}

/** The policies, and the ports that each lets in and out. */
const ALLOWED = [
  ['robustgate-default-deny', [], []],
  ['robustgate-dns', [], [53, 53]],
  ['robustgate-gateways', ['grpc', 'http-admin'], []],
  ['robustgate-nightly', [], ['grpc']],
  ['robustgate-otlp', [], [4318]],
] as const;

testWith(missing, 'network policies deny by default, and let through ports that their pods have', async (t) => {
  const objects = await renderWith(t, 'cpu', OPTIONAL);
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
  const portsOf = (rules: readonly { ports: readonly { port: unknown }[] }[] = []): unknown[] =>
    rules.flatMap(({ ports }) => ports.map(({ port }) => port));
  t.deepEqual(
    policies.map(({ metadata, spec }) => [metadata.name, portsOf(spec.ingress), portsOf(spec.egress)]),
    ALLOWED.map(([name, ingress, egress]) => [name, [...ingress], [...egress]]),
  );
  const deny = find(policies, 'NetworkPolicy', 'robustgate-default-deny');
  t.deepEqual(deny.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  // A rule without peers would let everybody in.
  for (const { metadata, spec } of policies) {
    for (const { from } of spec.ingress ?? []) t.true(from.length > 0, metadata.name);
    for (const { to } of spec.egress ?? []) t.true(to.length > 0, metadata.name);
  }
  const servers = podsOf(objects).filter(([, { labels }]) =>
    selects(find(policies, 'NetworkPolicy', 'robustgate-gateways').spec.podSelector, labels),
  );
  t.deepEqual(
    servers.map(([id]) => id),
    ['Deployment/robustgate-gateway', 'Deployment/robustgate-prober'],
  );
  for (const [, pod] of servers) t.deepEqual(portNames([pod]), ['grpc', 'http-admin']);
  const [{ to }] = find(policies, 'NetworkPolicy', 'robustgate-nightly').spec.egress;
  const called = podsOf(objects).filter(([, { labels }]) => selects(to[0].podSelector, labels));
  t.deepEqual(
    called.map(([id]) => id),
    ['Deployment/robustgate-gateway'],
  );
});

testWith(missing, 'the autoscaler and the monitor find what they are for', async (t) => {
  const objects = await renderWith(t, 'cpu', OPTIONAL);
  const { scaleTargetRef } = find(objects, 'HorizontalPodAutoscaler', 'robustgate-gateway').spec;
  const target = find(objects, scaleTargetRef.kind, scaleTargetRef.name);
  t.is(target.apiVersion, scaleTargetRef.apiVersion);
  t.false('replicas' in target.spec, 'an apply would set back what the autoscaler chose');
  const { selector, endpoints } = find(objects, 'ServiceMonitor', 'robustgate').spec;
  const services = objects.filter(
    ({ kind, metadata }) => kind === 'Service' && selects(selector, metadata.labels ?? {}),
  );
  t.deepEqual(services.map(idOf), ['Service/robustgate-gateway', 'Service/robustgate-prober']);
  for (const { spec } of services) {
    t.true(spec.ports.some(({ name }: { name: string }) => name === endpoints[0].port));
  }
});

testWith(missing, 'the merged folder is the one that the shards write, whatever their Job is called', async (t) => {
  const objects = await renderOverlay('sharded-evaluation');
  const shards = objects.filter(
    ({ kind, metadata }) => kind === 'Job' && metadata.name.startsWith('robustgate-evaluation'),
  );
  const [merge] = podOf(find(objects, 'Job', /^robustgate-merge/))?.containers ?? [];
  t.deepEqual(
    merge?.env?.find(({ name }) => name === 'EVALUATION'),
    { name: 'EVALUATION', value: shards[0]?.metadata.name ?? '' },
  );
});

testWith(missing, 'the page about Kubernetes lists the Secrets that users make, with their keys', async (t) => {
  const page = await readFile(new URL('docs/KUBERNETES.md', PACKAGE_ROOT), 'utf8');
  const rows = [...page.matchAll(/^\| `(robustgate-[a-z-]+)` \| ((?:`[^`]+`(?:, )?)+) \|/gm)];
  const listed = rows.map(([, name, keys]) => [name, [...(keys ?? '').matchAll(/`([^`]+)`/g)].map(([, key]) => key)]);
  t.deepEqual(Object.fromEntries(listed), SECRETS);
  const used = podsOf(await renderOverlay('cpu')).flatMap(([, pod]) =>
    needsOf(pod).filter((id) => id.startsWith('Secret/')),
  );
  t.deepEqual(
    [...new Set(used)].sort(),
    Object.keys(SECRETS)
      .map((name) => `Secret/${name}`)
      .sort(),
  );
});

testWith(
  missing,
  'the overlay that the page shows can be rendered, and has the image of another registry',
  async (t) => {
    const page = await readFile(new URL('docs/KUBERNETES.md', PACKAGE_ROOT), 'utf8');
    const [, text = ''] = /```yaml\n(.*?kind: Kustomization.*?)```/s.exec(page) ?? [];
    const folder = await realpath(await temporaryFolder(t));
    const ours = relative(folder, fileURLToPath(new URL('deploy', PACKAGE_ROOT)));
    await writeFile(join(folder, 'kustomization.yaml'), text.replaceAll('../robustgate/deploy', ours));
    const config = await readFile(join(manifests, 'components/tls-jwt/config/gateway.yaml'), 'utf8');
    await writeFile(join(folder, 'gateway.yaml'), `${config}logLevel: debug\n`);
    const objects = await render(folder);
    const gateway = find(objects, 'Deployment', 'robustgate-gateway');
    const tag = podOf(find(await renderOverlay('cpu'), 'Deployment', 'robustgate-gateway'))?.containers[0]?.image;
    t.is(podOf(gateway)?.containers[0]?.image, `registry.example/${tag}`);
    t.regex(find(objects, 'ConfigMap', /^robustgate-gateway-/).data?.['gateway.yaml'] ?? '', /logLevel: debug/);
    t.truthy(find(objects, 'ServiceMonitor', 'robustgate'));
  },
);

testWith(missing, 'the page lists the overlays and the components that there are', async (t) => {
  const page = await readFile(new URL('docs/KUBERNETES.md', PACKAGE_ROOT), 'utf8');
  const listed = (title: string): readonly string[] => {
    const [, table = ''] = new RegExp(`^\\| ${title} \\|.*?\\n((?:\\|.*\\n)+)`, 'm').exec(page) ?? [];
    return [...table.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, names = '']) =>
      names.split(', ').map((name) => name.slice(1, -1)),
    );
  };
  t.deepEqual([...listed('overlay')].sort(), await readdir(join(manifests, 'overlays')));
  t.deepEqual([...listed('overlay')].sort(), [...OVERLAYS].sort());
  t.deepEqual([...listed('component')].sort(), await readdir(join(manifests, 'components')));
});
