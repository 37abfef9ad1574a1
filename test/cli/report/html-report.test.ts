import test from 'ava';
import { loadChartRenderer } from '../../../src/cli/report/chart-renderer.js';
import { drawCharts } from '../../../src/cli/report/charts.js';
import { htmlReport } from '../../../src/cli/report/html-report.js';
import type { EvaluationResult } from '../../../src/engine/index.js';
import { attackFigures, evaluationResult, SUSPECT } from '../../support/evaluation-result.js';

const EVIL = `<script>alert("1")</script>&'`;

const report = async (result: EvaluationResult): Promise<string> => {
  const render = await loadChartRenderer();
  return htmlReport(result, { charts: render && (await drawCharts(result, render)), pictures: [] });
};

/** Without the result as JSON and the style. */
const visible = (page: string): string => page.replace(/<(script|style)\b.*?<\/\1>/gs, '');

test('names that are markup stay text wherever they stand, in charts too', async (t) => {
  const base = evaluationResult();
  const attacks = base.attacks.map((attack) => ({
    ...attack,
    spec: `${attack.spec}${EVIL}`,
    doubts: [{ reason: EVIL, message: EVIL }],
    tasks: attack.tasks.map((task) => ({
      ...task,
      task: EVIL,
      metric: EVIL,
      unit: EVIL,
      perClass: [{ name: EVIL, clean: 0.5, adversarial: 0.25 }],
    })),
  }));
  const model = { name: EVIL, version: EVIL, sha256: EVIL };
  const result = evaluationResult({
    attacks,
    identity: { ...base.identity, model, suite: [EVIL], dataset: { ...base.identity.dataset, name: EVIL, kind: EVIL } },
    gates: [{ gate: EVIL, verdict: 'regression', message: EVIL }],
    baseline: { model, verdict: 'pass', tasks: [] },
    skipped: [{ index: 0, key: EVIL, reason: EVIL }],
    provenance: { programVersion: EVIL, provider: EVIL, batchSize: 1 },
  });
  const charts = await drawCharts(result, (await loadChartRenderer()) ?? t.fail.bind(t, 'expected vega'));
  const pictures = [{ spec: EVIL, key: EVIL, panels: [{ label: EVIL, png: Uint8Array.of(1) }] }];
  const page = htmlReport(result, { charts, pictures });
  t.is(page.match(/<script/g)?.length, 1);
  t.regex(page, /<script type="application\/json" id="result">/);
  t.true(page.split('&lt;script').length > 20);
});

test('the result is in the page, to the last digit', async (t) => {
  const result = evaluationResult({ skipped: [{ index: 0, key: '</script>', reason: '<!--' }] });
  const [, json = ''] =
    /<script type="application\/json" id="result">(.*?)<\/script>/s.exec(await report(result)) ?? [];
  t.deepEqual(JSON.parse(json), result);
});

test('a figure in doubt is struck in every place, with its reason, and has no interval', async (t) => {
  const attack = attackFigures('pgd(steps=50,eps=4)@sum(segmentation=1)', 4, SUSPECT);
  const page = visible(await report(evaluationResult({ attacks: [attack], verdict: 'suspect' })));
  t.is(page.match(/0\.6200/g)?.length, 2);
  t.is(page.match(/<s class="doubted">0\.6200<\/s>/g)?.length, 2);
  t.notRegex(page, /0\.5800/);
  t.regex(page, /The gradient is 0 on 14 of 16 examples\./);
  t.regex(page, /<h1>[^<]*<span class="badge suspect">SUSPECT/);
  t.notRegex(page, /IoU per class/);
});

test('an attack that is not in doubt is told with its interval beside one that is', async (t) => {
  const attacks = [
    attackFigures('pgd(steps=50,eps=4)@sum(segmentation=1)', 4),
    attackFigures('pgd(steps=50,eps=4)@sum(depth=1)', 4, SUSPECT),
  ];
  const page = visible(await report(evaluationResult({ attacks, verdict: 'suspect' })));
  t.regex(page, /<b>0\.6200<\/b> <small class="interval">0\.5800 … 0\.6500<\/small>/);
  t.regex(page, /<s class="doubted">0\.7920<\/s>/);
});

test('attacks that differ in ε alone are one curve, with the clean figure at 0', async (t) => {
  const specs: unknown[] = [];
  const { series, curves, classes } = await drawCharts(evaluationResult(), async (spec) => {
    specs.push(spec);
    return '<svg width="1" height="2" viewBox="0 0 1 2"></svg>';
  });
  t.deepEqual(
    series.map(({ name }) => name),
    ['pgd(steps=50,eps=…)@sum(segmentation=1)'],
  );
  t.deepEqual(curves[0], { title: 'segmentation: miou', svg: '<svg viewBox="0 0 1 2"></svg>' });
  t.is(classes.length, 4);
  const [curve] = specs as [{ layer: [{ data: { values: { series: string; epsilon: number; value: number }[] } }] }];
  const drawn = curve.layer[0].data.values.filter(({ series }) => series.includes('segmentation'));
  t.deepEqual(
    drawn.map(({ epsilon, value }) => [epsilon, Number(value.toFixed(4))]),
    [
      [0, 0.8631],
      [1, 0.8],
      [2, 0.74],
      [4, 0.62],
      [8, 0.38],
    ],
  );
});

test('a figure in doubt belongs to no curve', async (t) => {
  const base = evaluationResult();
  const attacks = base.attacks.map((attack) => (attack.epsilon === 8 ? { ...attack, ...SUSPECT } : attack));
  const layers: { data: { values: { epsilon: number }[] } }[][] = [];
  await drawCharts(evaluationResult({ attacks }), async (spec) => {
    if ('layer' in spec) layers.push(spec.layer as (typeof layers)[number]);
    return '<svg></svg>';
  });
  const epsilons = (layers[0] ?? []).map(({ data }) => data.values.filter(({ epsilon }) => epsilon === 8).length);
  t.deepEqual(epsilons, [0, 0, 0, 1]);
});

test('one radius makes no curve', async (t) => {
  const attacks = [attackFigures('pgd(steps=50,eps=4)@sum(segmentation=1)', 4)];
  const { curves } = await drawCharts(evaluationResult({ attacks }), async () => '<svg></svg>');
  t.deepEqual(curves, []);
});

test('without vega the report says so in the place of the plots', (t) => {
  const page = htmlReport(evaluationResult(), { charts: undefined, pictures: [] });
  t.regex(page, /npm install vega vega-lite/);
});
