// What is deployed beside the gateway, judged by Prometheus itself.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { collectAttack } from '../../src/clients/index.js';
import { metricDescriptions } from '../../src/server/index.js';
import { ProbeMetrics } from '../../src/server/telemetry/probe-metrics.js';
import { MetricRegistry } from '../../src/server/telemetry/registry.js';
import { scrape } from '../support/metrics.js';
import { attackFigures, probeRun, taskFigures } from '../support/probe-runs.js';
import { startPrometheus, whyMissing } from '../support/prometheus.js';
import { root } from '../support/street.js';
import { toyExample, toyGateway } from '../support/toy-gateway.js';

const folder = join(root, 'deploy/prometheus');
const rules = (
  parse(readFileSync(join(folder, 'rules.yaml'), 'utf8')) as {
    groups: { rules: { alert?: string; record?: string; expr: string; annotations?: Record<string, string> }[] }[];
  }
).groups.flatMap((group) => group.rules);
const alerts = rules.flatMap(({ alert, annotations }) => (alert === undefined ? [] : [{ alert, annotations }]));

/** Runs promtool; says why not where there is none. */
async function promtool(t: ExecutionContext, args: readonly string[], input = ''): Promise<void> {
  const missing = whyMissing('promtool');
  if (missing !== undefined) {
    t.log(`skipped: ${missing}`);
    t.pass();
    return;
  }
  const running = promisify(execFile)('promtool', [...args], { cwd: folder });
  running.child.stdin?.end(input);
  try {
    await running;
    t.pass();
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    t.fail(`${stdout}\n${stderr}`);
  }
}

test('promtool takes the rules', (t) => promtool(t, ['check', 'rules', 'rules.yaml']));

test('alerts fire when they should, and not when they should not', (t) =>
  promtool(t, ['test', 'rules', 'rules.test.yaml']));

test('every alert has a test, a link, and a section of the runbook with what it means and what to do', (t) => {
  const cases = readFileSync(join(folder, 'rules.test.yaml'), 'utf8');
  const sections = readFileSync(join(root, 'docs/RUNBOOK.md'), 'utf8').split('\n## ').slice(1);
  t.deepEqual(
    sections.map((section) => section.split('\n')[0]),
    alerts.map(({ alert }) => alert),
  );
  for (const section of sections)
    for (const part of ['Meaning', 'Look', 'Act']) t.true(section.includes(`**${part}.**`));
  for (const { alert, annotations } of alerts) {
    t.true(cases.includes(`alertname: ${alert}\n`), alert);
    t.is(annotations?.['runbook_url'], `docs/RUNBOOK.md#${alert.toLowerCase()}`);
  }
});

test('rules speak of metrics that there are', (t) => {
  const known = new Set(metricDescriptions().map(({ name }) => name));
  for (const { expr } of rules) {
    // A colon makes it the name of a recording rule, which promtool's tests evaluate.
    for (const [name] of expr.matchAll(/\brobustgate_\w+/g)) {
      t.true(known.has(name.replace(/_(count|sum|bucket)$/, '')), name);
    }
  }
});

test('promtool takes the metrics of a gateway that was busy', async (t) => {
  const { gateway, client } = await toyGateway(t);
  const request = { modelName: 'toy', examples: [toyExample(1)], attack: { name: 'pgd', steps: 2 } };
  await collectAttack(client.attack(request));
  await client.predict(request);
  await promtool(t, ['check', 'metrics'], await scrape(gateway.adminAddress));
});

test('promtool takes the metrics of probes', async (t) => {
  const registry = new MetricRegistry();
  const probes = new ProbeMetrics(registry);
  const error = taskFigures({ task: 'depth', metric: 'absolute-error', unit: 'm', higherIsBetter: false });
  probes.record(probeRun({ attacks: [attackFigures({ tasks: [taskFigures(), error] })] }));
  probes.record(probeRun({ probe: 'other', verdict: 'failed', reason: 'INTERNAL', attacks: [] }));
  await promtool(t, ['check', 'metrics'], (await registry.expose('')).text);
});

test('a real Prometheus scrapes a gateway, exemplars and all, and takes the rules', async (t) => {
  const missing = whyMissing('prometheus');
  if (missing !== undefined) {
    t.log(`skipped: ${missing}`);
    t.pass();
    return;
  }
  const { gateway, client } = await toyGateway(t);
  const prometheus = await startPrometheus(t, { targets: [gateway.adminAddress], rules: [join(folder, 'rules.yaml')] });
  const [build, ...others] = await prometheus.untilQuery('robustgate_build_info');
  t.deepEqual(others, []);
  t.is(build?.value, 1);
  t.is(build?.labels['node'], process.versions.node);
  t.is(build?.labels['job'], 'robustgate');
  t.is((await prometheus.query('up{job="robustgate"}'))[0]?.value, 1);
  await client.predict({ modelName: 'toy', examples: [toyExample(1)] });
  const predicted = 'robustgate_runs_total{kind="predict",outcome="completed"}';
  const [counted] = await prometheus.untilQuery(predicted, ([sample]) => sample?.value === 1);
  t.is(counted?.value, 1, 'counters are read with the names that the page has');
  t.deepEqual(await prometheus.alerts(), []);
});
