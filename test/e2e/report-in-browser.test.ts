import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { chromium } from 'playwright-core';
import { loadChartRenderer } from '../../src/cli/report/chart-renderer.js';
import { drawCharts } from '../../src/cli/report/charts.js';
import { htmlReport } from '../../src/cli/report/html-report.js';
import { encodePng } from '../../src/engine/index.js';
import { attackFigures, evaluationResult, SUSPECT } from '../support/evaluation-result.js';

const executablePath = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== undefined && existsSync(path),
);
const check = executablePath === undefined ? test.skip : test;
const reason = executablePath === undefined ? ' (no chromium found: set CHROMIUM)' : '';

/** A report with everything in it, and words that are longer than a phone is wide. */
async function fullReport(): Promise<string> {
  const base = evaluationResult();
  const spec =
    'pgd(steps=50,eps=8,restarts=5,start=upper-corner)@balanced(segmentation=0.25,depth=1,reconstruction=0.125)';
  const attacks = [...base.attacks, attackFigures(spec, 8, SUSPECT)];
  const { model } = base.identity;
  const task = { spec, task: 'segmentation', metric: 'miou', before: 0.5, after: 0.25, test: 'paired-bootstrap' };
  const result = evaluationResult({
    attacks,
    verdict: 'suspect',
    identity: { ...base.identity, suite: attacks.map((attack) => attack.spec) },
    gates: [{ gate: `segmentation.miou >= 0.30 @ ${spec}`, verdict: 'inconclusive', message: 'x'.repeat(120) }],
    baseline: {
      model,
      verdict: 'regression',
      tasks: [{ ...task, pairs: 16, pValue: 0.001, verdict: 'regression', message: 'it is worse' }],
    },
    skipped: [{ index: 0, key: 'a/'.repeat(60), reason: 'unreadable' }],
  });
  const png = encodePng({ width: 2, height: 1, channels: 3, data: new Uint8Array(6) });
  const panels = ['clean', 'adversarial', 'perturbation × 31'].map((label) => ({ label, png }));
  const render = await loadChartRenderer();
  const charts = render && (await drawCharts(result, render));
  return htmlReport(result, { charts, pictures: [{ spec, key: 'key'.repeat(40), panels }] });
}

check(`a report renders without errors, asks nothing of the network, and is as wide as a phone${reason}`, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'robustgate-report-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'report.html');
  await writeFile(file, await fullReport());
  const url = pathToFileURL(file).href;
  const browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] });
  t.teardown(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  const problems: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  t.deepEqual(problems, []);
  t.deepEqual(
    requests.filter((address) => !address.startsWith('data:')),
    [url],
  );
  for (const width of [390, 320, 1280]) {
    await page.setViewportSize({ width, height: 844 });
    t.is(await page.evaluate('document.documentElement.scrollWidth'), width);
  }
  t.true((await page.locator('.chart svg').count()) >= 4);
  t.is(await page.locator('.figures s.doubted').count(), 2);
});
