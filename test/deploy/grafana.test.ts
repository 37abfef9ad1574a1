import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { stringify } from 'yaml';
import { metricDescriptions } from '../../src/server/index.js';
import { whyMissing } from '../support/prometheus.js';
import { root } from '../support/street.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly type: string;
    readonly description?: string;
    readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const dashboard = JSON.parse(readFileSync(join(root, 'deploy/grafana/robustgate.json'), 'utf8')) as Dashboard;
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const definitions = dashboard.templating.list.flatMap(({ definition = [] }) => definition);

test('the dashboard is what its script makes', async (t) => {
  await t.notThrowsAsync(
    promisify(execFile)(process.execPath, [join(root, 'scripts/dashboard.mjs'), '--check'], { cwd: root }),
  );
});

test('the dashboard speaks of metrics that there are, with labels that they have', (t) => {
  const labelsOf = new Map(metricDescriptions().map(({ name, labels }) => [name, labels]));
  for (const expression of [...expressions, ...definitions]) {
    for (const [, whole = '', selector = ''] of expression.matchAll(/\b(robustgate_\w+)(?:\{([^}]*)\})?/g)) {
      const name = whole.replace(/_(count|sum|bucket)$/, '');
      const labels = labelsOf.get(name);
      t.truthy(labels, name);
      for (const [, label = ''] of selector.matchAll(/(\w+)(?:=|!)/g)) {
        t.true(label === 'instance' || labels?.includes(label), `${name} has no label ${label}`);
      }
    }
  }
});

test('the dashboard names every variable that it uses', (t) => {
  const names = new Set(dashboard.templating.list.map(({ name }) => name));
  const titles = panels.map(({ title }) => title);
  for (const text of [...expressions, ...definitions, ...titles]) {
    for (const [, name = ''] of text.matchAll(/\$(\w+)/g)) t.true(name.startsWith('__') || names.has(name), name);
  }
});

test('each panel has an id of its own and a text for people, and each of its queries a letter', (t) => {
  t.is(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  for (const { title, description = '', targets = [] } of panels) {
    t.true(description.length > 10, title);
    t.true(targets.length > 0, title);
    t.is(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
  }
});

test('Prometheus understands every expression of the dashboard', async (t) => {
  const missing = whyMissing('promtool');
  if (missing !== undefined) {
    t.log(`skipped: ${missing}`);
    t.pass();
    return;
  }
  const rules = expressions.map((expr, i) => ({
    record: `panel:query:${i}`,
    expr: expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, 'x'),
  }));
  const file = join(await temporaryFolder(t), 'rules.yaml');
  await writeFile(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
  await t.notThrowsAsync(promisify(execFile)('promtool', ['check', 'rules', file]));
});
