import test from 'ava';
import { typeProblems } from '../../support/kubernetes-types.js';
import {
  find,
  idOf,
  type KubernetesObject,
  OPTIONAL,
  OVERLAYS,
  renderOverlay,
  renderWith,
  whyNoKustomize,
} from '../../support/kustomize.js';
import { testWith } from '../../support/test-with.js';

const missing = whyNoKustomize();

async function allProblems(objects: readonly KubernetesObject[]): Promise<readonly string[]> {
  const problems = await Promise.all(
    objects.map(async (object) => (await typeProblems(object)).map((problem) => `${idOf(object)}: ${problem}`)),
  );
  return problems.flat();
}

for (const overlay of OVERLAYS) {
  testWith(missing, `the objects of ${overlay} are what the API of Kubernetes takes`, async (t) => {
    const objects = await renderOverlay(overlay);
    t.true(objects.length >= 4);
    t.deepEqual(await allProblems(objects), []);
  });
}

testWith(missing, 'so are those of all components together', async (t) => {
  t.deepEqual(await allProblems(await renderWith(t, 'cpu', OPTIONAL)), []);
  t.deepEqual(await allProblems(await renderWith(t, 'sharded-evaluation', ['nvidia-gpu', 'kueue'])), []);
});

testWith(missing, 'a field that is misspelt, and one of the wrong type, are found', async (t) => {
  const gateway = find(await renderOverlay('dev'), 'Deployment', 'robustgate-gateway');
  const changed = structuredClone(gateway);
  const [container] = changed.spec.template.spec.containers;
  container.imagePullPolciy = 'Always';
  t.deepEqual(await typeProblems(changed), ['unknown field spec.template.spec.containers.0.imagePullPolciy']);
  const [problem] = await typeProblems({ ...gateway, spec: { ...gateway.spec, replicas: 'two' } });
  t.is(problem, 'data/spec/replicas must be integer');
});

test('an alert with a field that Prometheus does not know is found', async (t) => {
  const metadata = { name: 'rules', namespace: 'robustgate', labels: {} };
  const groups = [{ name: 'a', rules: [{ alert: 'A', expr: '1', four: '5m' }] }];
  const rule = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata, spec: { groups } };
  t.regex((await typeProblems(rule)).join(), /Unrecognized key: "four"/);
});
