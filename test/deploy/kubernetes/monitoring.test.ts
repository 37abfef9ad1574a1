import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { parse } from 'yaml';
import { PACKAGE_ROOT } from '../../../src/cli/package-version.js';
import { find, podOf, renderWith, whyNoKustomize } from '../../support/kustomize.js';
import { testWith } from '../../support/test-with.js';

const missing = whyNoKustomize();
const at = (path: string): string => fileURLToPath(new URL(path, PACKAGE_ROOT));

test('rules and dashboard of the component are those of Prometheus and Grafana', async (t) => {
  await t.notThrowsAsync(promisify(execFile)(process.execPath, [at('scripts/k8s-monitoring.mjs'), '--check']));
});

testWith(missing, 'the operator gets every rule, and Grafana the whole dashboard', async (t) => {
  const objects = await renderWith(t, 'cpu', ['monitoring']);
  const { groups } = parse(await readFile(at('deploy/prometheus/rules.yaml'), 'utf8'));
  const trimmed = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === 'string' ? inner.trim() : inner)));
  t.deepEqual(trimmed(find(objects, 'PrometheusRule', 'robustgate').spec), trimmed({ groups }));
  const { data, metadata } = find(objects, 'ConfigMap', 'robustgate-dashboard');
  t.is(data?.['robustgate.json'], await readFile(at('deploy/grafana/robustgate.json'), 'utf8'));
  t.is(metadata.labels?.['grafana_dashboard'], '1');
});

testWith(missing, 'replicas follow a metric that gateways have', async (t) => {
  const [{ pods }] = find(await renderWith(t, 'cpu', ['autoscaling']), 'HorizontalPodAutoscaler', 'robustgate-gateway')
    .spec.metrics;
  const [labels] = Object.entries(pods.metric.selector.matchLabels);
  const page = readFileSync(at('docs/METRICS.md'), 'utf8');
  t.true(page.includes(`| \`${pods.metric.name}\` | gauge | \`${labels?.[0]}\` |`));
});

testWith(missing, 'traces go where the network policy lets them', async (t) => {
  const objects = await renderWith(t, 'cpu', ['otlp']);
  const [{ ports }] = find(objects, 'NetworkPolicy', 'robustgate-otlp').spec.egress;
  for (const name of ['gateway', 'prober']) {
    const env = podOf(find(objects, 'Deployment', `robustgate-${name}`))?.containers[0]?.env ?? [];
    const endpoint = env.find((variable) => variable.name === 'OTEL_EXPORTER_OTLP_ENDPOINT')?.value ?? '';
    t.is(new URL(endpoint).port, `${ports[0].port}`, name);
  }
});
