// Writes the Grafana dashboard, deploy/grafana/robustgate.json; with --check, fails where it is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LegendDisplayMode, VisibilityMode, VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

const FILE = join(resolve(import.meta.dirname, '..'), 'deploy/grafana/robustgate.json');
const PROMETHEUS = { type: 'prometheus', uid: '$datasource' };

/** What is chosen at the top of the dashboard. */
const PROBED = 'probe="$probe",model="$model"';
const INSTANCE = 'instance=~"$instance"';

/** Only of versions that serve. */
const serving = (selector) =>
  `${selector} * on (model, version) group_left () max by (model, version) (robustgate_model_info{state="serving"})`;

const legend = new VizLegendOptionsBuilder()
  .showLegend(true)
  .displayMode(LegendDisplayMode.List)
  .placement('bottom')
  .calcs([]);

const queryOf = ({ expr, legend: text = '', instant = false, exemplar = false }, index) => {
  const query = new DataqueryBuilder()
    .refId(String.fromCharCode('A'.charCodeAt(0) + index))
    .datasource(PROMETHEUS)
    .expr(expr)
    .legendFormat(text)
    .exemplar(exemplar);
  return instant ? query.instant() : query.range();
};

const filled = (panel, { title, text, unit, width, height = 8 }, queries) =>
  queries.reduce(
    (filling, query, i) => filling.withTarget(queryOf(query, i)),
    panel.title(title).description(text).unit(unit).datasource(PROMETHEUS).span(width).height(height),
  );

const graph = (facts, ...queries) =>
  filled(
    new TimeSeriesBuilder().showPoints(VisibilityMode.Never).lineWidth(2).fillOpacity(0).legend(legend),
    facts,
    queries,
  );

const stat = (facts, ...queries) =>
  filled(
    new StatBuilder().noValue('none'),
    { ...facts, height: 4 },
    queries.map((query) => ({ ...query, instant: true })),
  );

/** Bands between two bounds, named after the line within. */
const banded = (panel, names) =>
  names.reduce(
    (banding, name) =>
      banding
        .overrideByName(`${name}, upper`, [
          { id: 'custom.fillBelowTo', value: `${name}, lower` },
          { id: 'custom.fillOpacity', value: 20 },
          { id: 'custom.lineWidth', value: 0 },
        ])
        .overrideByName(`${name}, lower`, [{ id: 'custom.lineWidth', value: 0 }]),
    panel,
  );

/** Robust and clean figures of a task with their intervals; a panel for each task. */
function figurePanel({ metric, variable, title, text, unit }) {
  const task = `task="$${variable}"`;
  const queries = ['clean', 'robust'].flatMap((kind) =>
    ['', 'lower', 'upper'].map((bound) => {
      const name = `robustgate_${kind}_${metric}${bound && `_${bound}`}`;
      const attack = kind === 'robust' ? ',attack="$attack"' : '';
      return {
        expr: `max(${serving(`${name}{${PROBED},${task}${attack}}`)})`,
        legend: bound === '' ? kind : `${kind}, ${bound}`,
      };
    }),
  );
  const panel = graph({ title: `${title}: $${variable}`, text, unit, width: 24 }, ...queries);
  return banded(panel.min(0).repeat(variable).repeatDirection('h').maxPerRow(2).spanNulls(true), ['clean', 'robust']);
}

const quantile = (share, metric, by, labels = '') =>
  `histogram_quantile(${share}, sum by (le, ${by}) (rate(${metric}_bucket{${INSTANCE}${labels}}[$__rate_interval])))`;

const robustness = [
  stat(
    {
      title: 'Verdict of the last run',
      text: 'What to think of it. Figures of a suspect run are not shown.',
      unit: 'none',
      width: 6,
    },
    {
      expr: `max by (version, verdict) (robustgate_probe_verdict{${PROBED}}) == 1`,
      legend: '{{version}}: {{verdict}}',
    },
  ),
  stat(
    {
      title: 'Age of the figures',
      text: 'Since the last run that can be trusted.',
      unit: 's',
      width: 6,
    },
    { expr: `time() - max(robustgate_probe_last_success_timestamp_seconds{${PROBED}})`, legend: 'age' },
    { expr: `max(robustgate_probe_stale_after_seconds{${PROBED}})`, legend: 'stale after' },
  ),
  stat(
    { title: 'Next run', text: 'When the probe runs next.', unit: 'dateTimeFromNow', width: 6 },
    { expr: `1000 * min(robustgate_probe_next_run_timestamp_seconds{${PROBED}})`, legend: 'next' },
  ),
  stat(
    { title: 'Examples', text: 'Examples behind the figures.', unit: 'none', width: 6 },
    { expr: `max by (version) (robustgate_probe_sample_size{${PROBED}})`, legend: '{{version}}' },
  ),
  figurePanel({
    metric: 'score_ratio',
    variable: 'score_task',
    title: 'Score, more is better',
    text: 'With and without the attack, in bands of 95 % confidence over examples.',
    unit: 'percentunit',
  }),
  figurePanel({
    metric: 'error',
    variable: 'error_task',
    title: 'Error, less is better',
    text: 'With and without the attack, in bands of 95 % confidence over examples, in the unit of the task.',
    unit: 'none',
  }),
  graph(
    {
      title: 'Damage',
      text: 'What each attack costs each task, in points of its score.',
      unit: 'percentunit',
      width: 12,
    },
    {
      expr: `max by (attack, task, metric) (${serving(
        `(robustgate_clean_score_ratio{${PROBED}} - ignoring (attack, epsilon, attacked) group_right () robustgate_robust_score_ratio{${PROBED}})`,
      )})`,
      legend: '{{task}} under {{attack}}',
    },
  ),
  graph(
    {
      title: 'Broken examples',
      text: 'Share of the attacked examples in a day that were broken, where something says when one is.',
      unit: 'percentunit',
      width: 12,
    },
    {
      expr: `sum by (version, attack) (increase(robustgate_probe_examples_broken_total{${PROBED}}[1d])) / sum by (version, attack) (increase(robustgate_probe_examples_total{${PROBED}}[1d]))`,
      legend: '{{version}} under {{attack}}',
    },
  ),
  graph(
    {
      title: 'Gradient norms, and the factor of Theorem 1',
      text: 'Mean L2 norm of the gradient of each task at clean inputs, per level; and by how much the tasks together bound the vulnerability.',
      unit: 'none',
      width: 12,
    },
    { expr: `max by (task) (${serving(`robustgate_gradient_norm{${PROBED}}`)})`, legend: '{{task}}' },
    { expr: `max(${serving(`robustgate_theorem1_factor{${PROBED}}`)})`, legend: 'factor' },
  ),
  graph(
    { title: 'Runs of probes in a day', text: 'By verdict, and failures by reason.', unit: 'none', width: 12 },
    {
      expr: 'sum by (probe, verdict) (increase(robustgate_probe_runs_total{model="$model"}[1d]))',
      legend: '{{probe}}: {{verdict}}',
    },
    {
      expr: 'sum by (probe, reason) (increase(robustgate_probe_failures_total{model="$model"}[1d])) > 0',
      legend: '{{probe}}: {{reason}}',
    },
  ),
];

const serve = [
  graph(
    { title: 'Calls', text: 'Calls that ended, each second.', unit: 'reqps', width: 8 },
    {
      expr: `sum by (method, code) (rate(robustgate_rpc_duration_seconds_count{${INSTANCE}}[$__rate_interval])) > 0`,
      legend: '{{method}} {{code}}',
    },
  ),
  graph(
    { title: 'Calls that failed', text: 'Share that is not OK.', unit: 'percentunit', width: 8 },
    {
      expr: `sum by (method) (rate(robustgate_rpc_duration_seconds_count{${INSTANCE},code!="OK"}[$__rate_interval])) / sum by (method) (rate(robustgate_rpc_duration_seconds_count{${INSTANCE}}[$__rate_interval]))`,
      legend: '{{method}}',
    },
  ),
  graph(
    {
      title: 'Calls turned away',
      text: 'Before anything was computed for them, each second.',
      unit: 'reqps',
      width: 8,
    },
    {
      expr: `sum by (reason) (rate(robustgate_rejected_total{${INSTANCE}}[$__rate_interval])) > 0`,
      legend: '{{reason}}',
    },
  ),
  graph(
    { title: 'Time of calls, 99 %', text: 'To the last message, with the traces of slow ones.', unit: 's', width: 8 },
    {
      expr: quantile(0.99, 'robustgate_rpc_duration_seconds', 'method', ',code="OK"'),
      legend: '{{method}}',
      exemplar: true,
    },
  ),
  graph(
    {
      title: 'Queue',
      text: 'Runs that wait, and that share the attack lane, with their limits.',
      unit: 'none',
      width: 8,
    },
    { expr: `sum(robustgate_lane_waiting{${INSTANCE},lane="attack"})`, legend: 'waiting' },
    { expr: `sum(robustgate_lane_waiting_limit{${INSTANCE},lane="attack"})`, legend: 'most that may wait' },
    { expr: `sum(robustgate_lane_running{${INSTANCE},lane="attack"})`, legend: 'running' },
    { expr: `sum(robustgate_lane_running_limit{${INSTANCE},lane="attack"})`, legend: 'most that may run' },
  ),
  graph(
    { title: 'Time in the queue, 95 %', text: 'By kind of run.', unit: 's', width: 8 },
    { expr: quantile(0.95, 'robustgate_queue_wait_seconds', 'kind'), legend: '{{kind}}' },
  ),
  graph(
    { title: 'Runs', text: 'Runs that ended, each second, by outcome.', unit: 'ops', width: 8 },
    {
      expr: `sum by (kind, outcome) (rate(robustgate_runs_total{${INSTANCE}}[$__rate_interval])) > 0`,
      legend: '{{kind}}: {{outcome}}',
    },
  ),
  graph(
    {
      title: 'Native calls, 95 %',
      text: 'As hosts measured them: a step is a gradient of a batch.',
      unit: 's',
      width: 8,
    },
    {
      expr: quantile(0.95, 'robustgate_host_call_duration_seconds', 'lane, call, model'),
      legend: '{{model}}: {{call}} ({{lane}})',
      exemplar: true,
    },
  ),
  graph(
    {
      title: 'Image·steps',
      text: 'Gradients of one image each that finished attacks took, each second.',
      unit: 'ops',
      width: 8,
    },
    { expr: `sum by (model) (rate(robustgate_image_steps_total{${INSTANCE}}[$__rate_interval]))`, legend: '{{model}}' },
  ),
  graph(
    { title: 'Hosts', text: 'Restarts in an hour by reason, and whether each lane is up.', unit: 'none', width: 8 },
    {
      expr: `sum by (instance, lane, reason) (increase(robustgate_host_restarts_total{${INSTANCE}}[1h])) > 0`,
      legend: '{{instance}} {{lane}}: {{reason}}',
    },
    { expr: `min by (lane) (robustgate_host_up{${INSTANCE}})`, legend: '{{lane}} is up' },
  ),
  graph(
    { title: 'Event loop, 99 %', text: 'How late the event loop of the gateway was.', unit: 's', width: 8 },
    { expr: quantile(0.99, 'robustgate_event_loop_lag_seconds', 'instance'), legend: '{{instance}}' },
  ),
  graph(
    { title: 'Memory of the gateway', text: 'Without its hosts.', unit: 'bytes', width: 8 },
    { expr: `robustgate_process_resident_memory_bytes{${INSTANCE}}`, legend: '{{instance}}' },
  ),
  stat(
    { title: 'Models', text: 'Versions by state.', unit: 'none', width: 8 },
    {
      expr: `max by (model, version, state) (robustgate_model_info{${INSTANCE}})`,
      legend: '{{model}} {{version}}: {{state}}',
    },
  ),
];

const variable = (name, label, query, shape = (builder) => builder) =>
  shape(
    new QueryVariableBuilder(name)
      .label(label)
      .datasource(PROMETHEUS)
      .query({ qryType: 1, query, refId: 'PrometheusVariableQueryEditor-VariableQuery' })
      .definition(query)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc),
  );
const all = (builder) => builder.multi(true).includeAll(true);

const variables = [
  new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
  variable('model', 'model', 'label_values(robustgate_model_info, model)'),
  variable('probe', 'probe', 'label_values(robustgate_probe_info{model="$model"}, probe)'),
  variable(
    'attack',
    'attack',
    `label_values({__name__=~"robustgate_robust_score_ratio|robustgate_robust_error",${PROBED}}, attack)`,
  ),
  variable('score_task', 'tasks with a score', `label_values(robustgate_clean_score_ratio{${PROBED}}, task)`, all),
  variable('error_task', 'tasks with an error', `label_values(robustgate_clean_error{${PROBED}}, task)`, all),
  variable('instance', 'gateway', 'label_values(robustgate_build_info, instance)', all),
];

function dashboard() {
  let building = new DashboardBuilder('robustgate')
    .uid('robustgate')
    .description('Robust accuracy of the models that are served, and how the gateway is.')
    .tags(['robustgate'])
    .timezone('browser')
    .time({ from: 'now-7d', to: 'now' })
    .refresh('1m')
    .variables(variables);
  let id = 0;
  for (const [title, panels] of [
    ['Robustness', robustness],
    ['Serving', serve],
  ]) {
    building = building.withRow(new RowBuilder(title).id(++id));
    for (const panel of panels) building = building.withPanel(panel.id(++id));
  }
  return `${JSON.stringify(building.build(), undefined, 2)}\n`;
}

const text = dashboard();
if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) {
  console.error('deploy/grafana/robustgate.json is not what scripts/dashboard.mjs makes: run npm run dashboard');
  process.exitCode = 1;
}
