import { readFileSync } from 'node:fs';
import type { IContainer } from 'kubernetes-models/v1';
import { PACKAGE_ROOT } from '../../../src/cli/package-version.js';
import { parseGatewayConfigText } from '../../../src/server/config.js';
import {
  find,
  idOf,
  type KubernetesObject,
  OPTIONAL,
  OVERLAYS,
  podOf,
  renderOverlay,
  renderWith,
  whyNoKustomize,
} from '../../support/kustomize.js';
import { testWith } from '../../support/test-with.js';

const missing = whyNoKustomize();
const { version } = JSON.parse(readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8')) as { version: string };

/** All containers of all pods, the first of each pod with the object that makes it. */
function containersOf(
  objects: readonly KubernetesObject[],
): readonly (readonly [where: string, container: IContainer])[] {
  return objects.flatMap((object) => {
    const pod = podOf(object);
    const containers = pod === undefined ? [] : [...(pod.initContainers ?? []), ...pod.containers];
    return containers.map((container) => [`${idOf(object)}/${container.name}`, container] as const);
  });
}

const podsOf = (objects: readonly KubernetesObject[]) =>
  objects.flatMap((object) => {
    const pod = podOf(object);
    return pod === undefined ? [] : [[idOf(object), pod] as const];
  });

for (const overlay of OVERLAYS) {
  // https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
  testWith(missing, `pods of ${overlay} are let in by the restricted profile, and have a read-only root`, async (t) => {
    const objects = await renderOverlay(overlay);
    t.true(podsOf(objects).length >= 2);
    for (const [where, pod] of podsOf(objects)) {
      t.like(pod.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }, where);
      t.true((pod.securityContext?.runAsUser ?? 0) > 0, where);
      t.deepEqual([pod.hostNetwork, pod.hostPID, pod.hostIPC], [undefined, undefined, undefined], where);
      t.false(pod.automountServiceAccountToken, where);
      const kinds = (pod.volumes ?? []).flatMap(({ name: _, ...source }) => Object.keys(source));
      const allowed = ['configMap', 'emptyDir', 'persistentVolumeClaim', 'projected', 'secret'];
      t.deepEqual(
        kinds.filter((kind) => !allowed.includes(kind)),
        [],
        where,
      );
    }
    for (const [where, { securityContext, ports, volumeMounts }] of containersOf(objects)) {
      t.deepEqual(
        securityContext,
        { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        where,
      );
      t.true(
        (ports ?? []).every(({ hostPort }) => hostPort === undefined),
        where,
      );
      if (!where.endsWith('models-copy'))
        t.true(
          volumeMounts?.some(({ mountPath }) => mountPath === '/tmp'),
          where,
        );
    }
  });

  testWith(missing, `containers of ${overlay} ask for what they need, and have no CPU limit`, async (t) => {
    for (const [where, { resources }] of containersOf(await renderOverlay(overlay))) {
      t.deepEqual(Object.keys(resources?.requests ?? {}).sort(), ['cpu', 'memory'], where);
      t.true('memory' in (resources?.limits ?? {}) && !('cpu' in (resources?.limits ?? {})), where);
    }
  });

  testWith(missing, `images and labels of ${overlay} have the version of the package`, async (t) => {
    const objects = await renderOverlay(overlay);
    const tag = overlay.startsWith('nvidia') ? `${version}-cuda` : version;
    for (const [where, { image }] of containersOf(objects)) t.is(image, `robustgate:${tag}`, where);
    for (const object of objects) {
      const { name, component, ...rest } = standardLabels(object);
      t.deepEqual(rest, { partOf: 'robustgate', version }, idOf(object));
      t.is(name, 'robustgate', idOf(object));
      t.true(component !== undefined || object.kind === 'Namespace', idOf(object));
      t.is(object.metadata.namespace, object.kind === 'Namespace' ? undefined : 'robustgate', idOf(object));
    }
  });
}

const standardLabels = ({ metadata: { labels = {} } }: KubernetesObject) => ({
  name: labels['app.kubernetes.io/name'],
  component: labels['app.kubernetes.io/component'],
  partOf: labels['app.kubernetes.io/part-of'],
  version: labels['app.kubernetes.io/version'],
});

testWith(missing, 'what components add is labelled too', async (t) => {
  const objects = [
    ...(await renderWith(t, 'cpu', OPTIONAL)),
    ...(await renderWith(t, 'sharded-evaluation', ['nvidia-gpu', 'kueue'])),
  ];
  for (const object of objects) {
    const labels = standardLabels(object);
    t.like(labels, { name: 'robustgate', partOf: 'robustgate', version }, idOf(object));
  }
});

const SERVERS = ['gateway', 'prober'] as const;

for (const name of SERVERS) {
  testWith(missing, `the ${name} is asked over HTTP, and no model decides whether it lives`, async (t) => {
    const pod = podOf(find(await renderOverlay('cpu'), 'Deployment', `robustgate-${name}`));
    const [container] = pod?.containers ?? [];
    const { startupProbe, livenessProbe, readinessProbe } = container ?? {};
    t.deepEqual(startupProbe?.httpGet, { path: '/livez', port: 'http-admin' });
    t.deepEqual(livenessProbe?.httpGet, { path: '/livez', port: 'http-admin' });
    t.deepEqual(readinessProbe?.httpGet, { path: '/readyz', port: 'http-admin' });
  });

  testWith(
    missing,
    `the ${name} may drain before it is killed, and computes with the cores that it asks for`,
    async (t) => {
      for (const overlay of OVERLAYS.filter((other) => other !== 'sharded-evaluation')) {
        const objects = await renderOverlay(overlay);
        const pod = podOf(find(objects, 'Deployment', `robustgate-${name}`));
        const text = find(objects, 'ConfigMap', new RegExp(`^robustgate-${name}-`)).data?.[`${name}.yaml`] ?? '';
        const { drainSeconds, threads } = parseGatewayConfigText(text);
        const [container] = pod?.containers ?? [];
        const pause = container?.lifecycle?.preStop?.sleep?.seconds ?? 0;
        t.true(pause > 0);
        t.true((pod?.terminationGracePeriodSeconds ?? 0) >= pause + drainSeconds + 10, overlay);
        t.is(`${threads}`, `${container?.resources?.requests?.['cpu']}`, overlay);
      }
    },
  );
}

testWith(missing, 'there is one prober, never two at a time, and it alone has the history', async (t) => {
  const objects = await renderOverlay('cpu');
  const { spec } = find(objects, 'Deployment', 'robustgate-prober');
  t.is(spec.replicas, 1);
  t.deepEqual(spec.strategy, { type: 'Recreate' });
  const withHistory = podsOf(objects).filter(([, { volumes }]) =>
    volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === 'robustgate-history'),
  );
  t.deepEqual(
    withHistory.map(([where]) => where),
    ['Deployment/robustgate-prober'],
  );
});

testWith(missing, 'the model repository is mounted to be read only', async (t) => {
  for (const [where, { volumes, containers }] of podsOf(await renderOverlay('cpu'))) {
    for (const { persistentVolumeClaim } of volumes ?? []) {
      if (persistentVolumeClaim?.claimName === 'robustgate-models') t.true(persistentVolumeClaim.readOnly, where);
    }
    const mounts = containers.flatMap(({ volumeMounts }) => volumeMounts ?? []);
    t.true(
      mounts.filter(({ name }) => name === 'models').every(({ readOnly }) => readOnly),
      where,
    );
  }
});

testWith(missing, 'gateways, prober and shards on GPUs have one each, and nodes with GPUs are found', async (t) => {
  const whole = await renderOverlay('nvidia-gpu');
  const shards = await renderWith(t, 'sharded-evaluation', ['nvidia-gpu']);
  const slices = await renderOverlay('nvidia-gpu-mig');
  const users = (objects: readonly KubernetesObject[], resource: string) =>
    containersOf(objects).flatMap(([where, { resources }]) => (resources?.limits?.[resource] === 1 ? [where] : []));
  const servers = SERVERS.map((name) => `Deployment/robustgate-${name}/robustgate`);
  t.deepEqual(users(whole, 'nvidia.com/gpu'), servers);
  t.deepEqual(users(shards, 'nvidia.com/gpu'), ['Job/robustgate-evaluation-1/evaluate']);
  t.deepEqual([users(slices, 'nvidia.com/gpu'), users(slices, 'nvidia.com/mig-1g.10gb')], [[], servers]);
  for (const [objects, keys] of [
    [whole, ['nvidia.com/gpu.present', 'nvidia.com/gpu.compute.major']],
    [slices, ['nvidia.com/gpu.present', 'nvidia.com/gpu.compute.major', 'nvidia.com/mig.strategy']],
  ] as const) {
    const pod = podOf(find(objects, 'Deployment', 'robustgate-gateway'));
    const [term] = pod?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
    t.deepEqual(
      term?.matchExpressions?.map(({ key }) => key),
      [...keys],
    );
    t.deepEqual(pod?.tolerations, [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]);
  }
});
