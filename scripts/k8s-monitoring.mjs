// Makes the rules and the dashboard of deploy/k8s/components/monitoring, which kustomize cannot read from elsewhere; with --check,
// fails where they are out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, stringify } from 'yaml';

const root = resolve(import.meta.dirname, '..');
const read = (path) => readFileSync(resolve(root, path), 'utf8');

const { groups } = parse(read('deploy/prometheus/rules.yaml'));
const rule = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: {
    name: 'robustgate',
    labels: { 'app.kubernetes.io/name': 'robustgate', 'app.kubernetes.io/component': 'monitoring' },
  },
  spec: { groups },
};
const HEADER = '# Written by scripts/k8s-monitoring.mjs from deploy/prometheus/rules.yaml.\n';

const folder = 'deploy/k8s/components/monitoring';
const files = {
  [`${folder}/prometheus-rule.yaml`]: HEADER + stringify(rule, { lineWidth: 120 }),
  [`${folder}/robustgate.json`]: read('deploy/grafana/robustgate.json'),
};

const isCheck = process.argv.includes('--check');
const stale = Object.entries(files).filter(([path, text]) => {
  if (!isCheck) writeFileSync(resolve(root, path), text);
  return isCheck && read(path) !== text;
});
if (stale.length > 0) {
  const names = stale.map(([path]) => path).join(', ');
  console.error(`expected ${names} as scripts/k8s-monitoring.mjs writes it, got other text: run npm run dashboard`);
  process.exitCode = 1;
}
