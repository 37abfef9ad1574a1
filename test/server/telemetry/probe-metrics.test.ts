import test from 'ava';
import type { ProbeRun } from '../../../src/server/probes/probe-run.js';
import type { ConfiguredProbe } from '../../../src/server/telemetry/probe-gauges.js';
import { ProbeMetrics } from '../../../src/server/telemetry/probe-metrics.js';
import { MetricRegistry } from '../../../src/server/telemetry/registry.js';
import { named, seriesOf } from '../../support/metrics.js';
import { attackFigures, probeRun, taskFigures } from '../../support/probe-runs.js';

const nightly: ConfiguredProbe = {
  name: 'nightly',
  model: 'street',
  dataset: 'scenes',
  attacks: ['pgd(steps=50,eps=4)@sum(segmentation=1)'],
  schedule: '0 3 * * *',
  staleAfterSeconds: 90_000,
};
const VERSION =
  'dataset="scenes",epsilon="4/255",metric="miou",model="street",probe="nightly",task="segmentation",version="1"';
const ROBUST = `{attack="pgd(steps=50,eps=4)@sum(segmentation=1)",attacked="true",${VERSION}}`;
const CLEAN = `{${VERSION.replace('epsilon="4/255",', '')}}`;
const ATTACKED =
  '{attack="pgd(steps=50,eps=4)@sum(segmentation=1)",dataset="scenes",epsilon="4/255",model="street",probe="nightly",version="1"}';

/** Metrics of probes at a time that a test sets, and what they say. */
function metricsOf(now = { ms: 0 }) {
  const registry = new MetricRegistry();
  const probes = new ProbeMetrics(registry, () => now.ms);
  const read = async () => seriesOf((await registry.expose('')).text);
  return { probes, read };
}

const FIGURES = [
  'robust_score_ratio',
  'robust_score_ratio_lower',
  'robust_score_ratio_upper',
  'clean_score_ratio',
  'robust_error',
  'clean_error',
  'probe_sample_size',
  'gradient_norm',
  'theorem1_factor',
].map((name) => `robustgate_${name}`);
const figuresIn = (series: ReadonlyMap<string, number>): string[] =>
  [...series.keys()].filter((key) => FIGURES.includes(key.split('{')[0] ?? ''));

test('a probe that never ran says that it is there, and since when, and shows no figure', async (t) => {
  const now = { ms: 5000 };
  const { probes, read } = metricsOf(now);
  probes.configured([nightly]);
  now.ms = 9000;
  probes.configured([nightly]);
  probes.scheduled('nightly', 'street', 60_000);
  const series = await read();
  t.deepEqual(named(series, 'robustgate_probe_info'), {
    'robustgate_probe_info{attacks="pgd(steps=50,eps=4)@sum(segmentation=1)",dataset="scenes",model="street",probe="nightly",schedule="0 3 * * *"}': 1,
  });
  const labels = '{model="street",probe="nightly"}';
  t.is(series.get(`robustgate_probe_configured_timestamp_seconds${labels}`), 5);
  t.is(series.get(`robustgate_probe_stale_after_seconds${labels}`), 90_000);
  t.is(series.get(`robustgate_probe_next_run_timestamp_seconds${labels}`), 60);
  t.is(series.get('robustgate_probe_runs_total{model="street",probe="nightly",verdict="ok"}'), 0);
  t.is(series.get(`robustgate_probe_duration_seconds_count${labels}`), 0);
  t.deepEqual(figuresIn(series), []);
  t.deepEqual(named(series, 'robustgate_probe_last_success_timestamp_seconds'), {});
});

test('a run that can be trusted shows its figures with their bounds', async (t) => {
  const { probes, read } = metricsOf();
  probes.record(probeRun());
  const series = await read();
  t.is(series.get(`robustgate_robust_score_ratio${ROBUST}`), 0.25);
  t.is(series.get(`robustgate_robust_score_ratio_lower${ROBUST}`), 0.2);
  t.is(series.get(`robustgate_robust_score_ratio_upper${ROBUST}`), 0.3);
  t.is(series.get(`robustgate_clean_score_ratio${CLEAN}`), 0.75);
  t.is(series.get(`robustgate_clean_score_ratio_lower${CLEAN}`), 0.7);
  t.is(series.get(`robustgate_clean_score_ratio_upper${CLEAN}`), 0.8);
  t.deepEqual(named(series, 'robustgate_robust_error'), {}, 'it is no error');
  const version = '{dataset="scenes",model="street",probe="nightly",version="1"}';
  t.is(series.get(`robustgate_probe_sample_size${version}`), 8);
  t.is(series.get(`robustgate_theorem1_factor${version}`), 0.9);
  t.is(series.get(`robustgate_gradient_norm${version.replace('version', 'task="segmentation",version')}`), 0.5);
  const state = '{model="street",probe="nightly",version="1"}';
  t.is(series.get(`robustgate_probe_last_attempt_timestamp_seconds${state}`), 1000);
  t.is(series.get(`robustgate_probe_last_success_timestamp_seconds${state}`), 1030);
  t.is(series.get('robustgate_probe_duration_seconds_sum{model="street",probe="nightly"}'), 30);
  t.is(series.get(`robustgate_probe_examples_total${ATTACKED}`), 8);
  t.is(series.get(`robustgate_probe_examples_broken_total${ATTACKED}`), 5);
});

test('where less is better it is an error, with its unit', async (t) => {
  const { probes, read } = metricsOf();
  const tasks = [
    taskFigures({
      task: 'depth',
      attacked: false,
      metric: 'absolute-error',
      unit: 'm',
      higherIsBetter: false,
      clean: { value: 1 },
      adversarial: { value: 4, upper: 5 },
    }),
  ];
  probes.record(probeRun({ attacks: [attackFigures({ tasks })] }));
  const series = await read();
  const own = 'metric="absolute-error",model="street",probe="nightly",task="depth",unit="m",version="1"';
  const attack = 'attack="pgd(steps=50,eps=4)@sum(segmentation=1)",attacked="false",dataset="scenes",epsilon="4/255"';
  t.is(series.get(`robustgate_robust_error{${attack},${own}}`), 4);
  t.is(series.get(`robustgate_robust_error_upper{${attack},${own}}`), 5);
  t.is(series.get(`robustgate_clean_error{dataset="scenes",${own}}`), 1);
  t.deepEqual(named(series, 'robustgate_robust_error_lower'), {}, 'a bound that is not there is not 0');
  t.deepEqual(named(series, 'robustgate_robust_score_ratio'), {});
});

test('an attack for which nothing says what broken is counts no broken examples', async (t) => {
  const { probes, read } = metricsOf();
  const { broken: _, ...attack } = attackFigures();
  probes.record(probeRun({ attacks: [attack] }));
  const series = await read();
  t.is(series.get(`robustgate_probe_examples_total${ATTACKED}`), 8);
  t.deepEqual(named(series, 'robustgate_probe_examples_broken_total'), {});
});

const ok = probeRun();
const suspect = probeRun({ sequence: 2, verdict: 'suspect', startedMs: 2_000_000, finishedMs: 2_001_000 });
const failed = probeRun({
  sequence: 3,
  verdict: 'failed',
  reason: 'HOST_UNAVAILABLE',
  attacks: [],
  startedMs: 3_000_000,
  finishedMs: 3_001_000,
});
const regression = probeRun({ sequence: 4, verdict: 'regression', startedMs: 4_000_000, finishedMs: 4_001_000 });

for (const [title, runs, isShown, verdict] of [
  ['a regression shows its figures', [ok, regression], true, 'regression'],
  ['a suspect run takes the figures away', [ok, suspect], false, 'suspect'],
  ['after a suspect run a failed one does not bring them back', [ok, suspect, failed], false, 'failed'],
  ['after a suspect run a good one does', [suspect, regression], true, 'regression'],
  ['a failed run leaves them as they were', [ok, failed], true, 'failed'],
  ['a suspect run shows none of its own', [suspect], false, 'suspect'],
] as const) {
  test(title, async (t) => {
    const { probes, read } = metricsOf();
    for (const run of runs) probes.record(run);
    const series = await read();
    t.is(figuresIn(series).length > 0, isShown);
    for (const each of ['ok', 'regression', 'suspect', 'failed']) {
      const key = `robustgate_probe_verdict{model="street",probe="nightly",verdict="${each}",version="1"}`;
      t.is(series.get(key), each === verdict ? 1 : 0);
    }
    const good = runs.filter((run: ProbeRun) => run.verdict === 'ok' || run.verdict === 'regression');
    t.is(series.get(`robustgate_probe_examples_total${ATTACKED}`) ?? 0, 8 * good.length);
    const lastGood = good.at(-1)?.finishedMs;
    const success = 'robustgate_probe_last_success_timestamp_seconds{model="street",probe="nightly",version="1"}';
    t.is(series.get(success), lastGood && lastGood / 1000);
    const attempt = 'robustgate_probe_last_attempt_timestamp_seconds{model="street",probe="nightly",version="1"}';
    t.is(series.get(attempt), (runs.at(-1)?.startedMs ?? 0) / 1000);
  });
}

test('of a suspect attack in a run that is none, no figure is shown', async (t) => {
  const { probes, read } = metricsOf();
  const doubted = attackFigures({ spec: 'fgsm(eps=2)@sum(segmentation=1)', epsilon: 2, verdict: 'suspect' });
  probes.record(probeRun({ attacks: [attackFigures(), doubted] }));
  const robust = Object.keys(named(await read(), 'robustgate_robust_score_ratio'));
  t.deepEqual(robust, [`robustgate_robust_score_ratio${ROBUST}`]);
});

test('failures are counted by codes that there are, and by no others', async (t) => {
  const { probes, read } = metricsOf();
  probes.record(failed);
  probes.record({ ...failed, reason: 'whatever somebody wrote' });
  t.deepEqual(named(await read(), 'robustgate_probe_failures_total'), {
    'robustgate_probe_failures_total{model="street",probe="nightly",reason="HOST_UNAVAILABLE"}': 1,
    'robustgate_probe_failures_total{model="street",probe="nightly",reason="INTERNAL"}': 1,
  });
});

test('after a restart figures and times come back, in the order of their runs, and nothing is counted again', async (t) => {
  const { probes, read } = metricsOf();
  probes.restore([failed, ok]);
  const series = await read();
  t.is(series.get(`robustgate_robust_score_ratio${ROBUST}`), 0.25);
  const state = '{model="street",probe="nightly",version="1"}';
  t.is(series.get(`robustgate_probe_last_success_timestamp_seconds${state}`), 1030);
  t.is(series.get(`robustgate_probe_last_attempt_timestamp_seconds${state}`), 3000);
  t.deepEqual(named(series, 'robustgate_probe_examples_total'), {});
  t.deepEqual(named(series, 'robustgate_probe_failures_total'), {});
  probes.restore([ok, suspect]);
  t.deepEqual(figuresIn(await read()), [], 'what is suspect stays so');
});

test('series of a version that is unloaded go, those of others stay', async (t) => {
  const { probes, read } = metricsOf();
  probes.record(ok);
  probes.record(probeRun({ sequence: 2, model: { name: 'street', version: '2', sha256: '' } }));
  probes.forget('street', '1');
  const series = await read();
  t.false([...series.keys()].some((key) => key.includes('version="1"')));
  t.is(series.get(`robustgate_robust_score_ratio${ROBUST.replace('version="1"', 'version="2"')}`), 0.25);
  t.is(series.get('robustgate_probe_runs_total{model="street",probe="nightly",verdict="ok"}'), 2);
});

test('series of a probe that is not configured any more go', async (t) => {
  const { probes, read } = metricsOf();
  probes.configured([nightly, { ...nightly, name: 'hourly' }]);
  for (const probe of ['nightly', 'hourly']) probes.record(probeRun({ probe }));
  probes.record({ ...failed, probe: 'nightly' });
  probes.configured([{ ...nightly, name: 'hourly' }]);
  const series = await read();
  t.false([...series.keys()].some((key) => key.includes('probe="nightly"')));
  t.true([...series.keys()].some((key) => key.startsWith('robustgate_robust_score_ratio{')));
});

test('a run that goes on is told, and when it began', async (t) => {
  const now = { ms: 7000 };
  const { probes, read } = metricsOf(now);
  const probed = { probe: 'nightly', model: 'street', version: '1' };
  const state = '{model="street",probe="nightly",version="1"}';
  probes.started(probed);
  const during = await read();
  t.is(during.get(`robustgate_probe_running${state}`), 1);
  t.is(during.get(`robustgate_probe_last_attempt_timestamp_seconds${state}`), 7);
  t.deepEqual(named(during, 'robustgate_probe_verdict'), {}, 'nothing is known yet');
  probes.finished(probed);
  t.is((await read()).get(`robustgate_probe_running${state}`), 0);
});
