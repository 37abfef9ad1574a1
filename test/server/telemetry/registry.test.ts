import test from 'ava';
import { MetricRegistry } from '../../../src/server/telemetry/registry.js';

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const linesOf = (text: string, name: string): string[] => text.split('\n').filter((line) => line.startsWith(name));

for (const [accept, contentType] of [
  ['', TEXT],
  ['*/*', TEXT],
  ['text/plain;version=0.0.4;q=0.5,*/*;q=0.1', TEXT],
  ['application/openmetrics-text;q=0,text/plain', TEXT],
  ['application/openmetrics-text', OPEN_METRICS],
  // What Prometheus 2.42 sends.
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    OPEN_METRICS,
  ],
] as const) {
  test(`a reader that takes ${accept || 'anything'} gets ${contentType.split(';')[0]}`, async (t) => {
    const exposition = await new MetricRegistry().expose(accept);
    t.is(exposition.contentType, contentType);
    t.is(exposition.text.endsWith('# EOF\n'), contentType === OPEN_METRICS);
  });
}

test('readers of both formats at once get their own, and the names of counters stay', async (t) => {
  const registry = new MetricRegistry();
  registry.counter({ name: 'things_total', help: 'Things.', labels: [] }).add({}, 3);
  const accepts = ['application/openmetrics-text', '', 'application/openmetrics-text', ''];
  const pages = await Promise.all(accepts.map((accept) => registry.expose(accept)));
  for (const [i, { text, contentType }] of pages.entries()) {
    const isOpen = i % 2 === 0;
    t.is(contentType, isOpen ? OPEN_METRICS : TEXT);
    t.deepEqual(linesOf(text, 'robustgate_things_total '), ['robustgate_things_total 3']);
    t.deepEqual(linesOf(text, '# TYPE'), [`# TYPE robustgate_things${isOpen ? '' : '_total'} counter`]);
  }
});

test('an exemplar names the trace, in OpenMetrics alone', async (t) => {
  const registry = new MetricRegistry();
  const histogram = registry.histogram({ name: 'wait_seconds', help: 'A wait.', labels: ['kind'] }, [1, 5]);
  histogram.observe({ kind: 'a' }, 2, 'c0ffee');
  histogram.observe({ kind: 'a' }, 0.5);
  const { text } = await registry.expose('application/openmetrics-text');
  const [first, second] = linesOf(text, 'robustgate_wait_seconds_bucket');
  t.is(first, 'robustgate_wait_seconds_bucket{le="1",kind="a"} 1');
  t.regex(second ?? '', /^robustgate_wait_seconds_bucket\{le="5",kind="a"\} 2 # \{trace_id="c0ffee"\} 2 \d+/);
  t.false((await registry.expose('')).text.includes('c0ffee'));
});

test('a gauge has what its readings say, and nothing of what they said before', async (t) => {
  const registry = new MetricRegistry();
  let readings: [Record<string, string>, number][] = [[{ of: 'a' }, 1]];
  let total: [Record<string, string>, number][] = [];
  registry.gauge({ name: 'parts', help: 'Parts.', labels: ['of'] }, () => readings);
  registry.gauge({ name: 'whole', help: 'Whole.', labels: [] }, () => total);
  t.deepEqual(linesOf((await registry.expose('')).text, 'robustgate'), ['robustgate_parts{of="a"} 1']);
  readings = [[{ of: 'b' }, 2]];
  total = [[{}, 5]];
  t.deepEqual(linesOf((await registry.expose('')).text, 'robustgate'), [
    'robustgate_parts{of="b"} 2',
    'robustgate_whole 5',
  ]);
});

test('series are forgotten by some of their labels', async (t) => {
  const registry = new MetricRegistry();
  const counter = registry.counter({ name: 'n_total', help: 'N.', labels: ['model', 'version'] });
  const histogram = registry.histogram({ name: 't_seconds', help: 'T.', labels: ['model', 'version'] }, [1]);
  for (const version of ['1', '2']) {
    counter.add({ model: 'm', version });
    histogram.observe({ model: 'm', version }, 0.5);
  }
  counter.forget({ version: '1' });
  histogram.forget({ version: '1' });
  const { text } = await registry.expose('');
  t.deepEqual(linesOf(text, 'robustgate_n_total'), ['robustgate_n_total{model="m",version="2"} 1']);
  t.deepEqual(linesOf(text, 'robustgate_t_seconds_count'), ['robustgate_t_seconds_count{model="m",version="2"} 1']);
  // What comes back begins anew.
  histogram.prepare({ model: 'm', version: '1' });
  const again = (await registry.expose('')).text;
  t.true(again.includes('robustgate_t_seconds_count{model="m",version="1"} 0'));
});

test('preparing a series that is there leaves it as it is', async (t) => {
  const registry = new MetricRegistry();
  const histogram = registry.histogram({ name: 't_seconds', help: 'T.', labels: ['model'] }, [1]);
  histogram.observe({ model: 'm' }, 0.5);
  histogram.prepare({ model: 'm' });
  t.true((await registry.expose('')).text.includes('robustgate_t_seconds_count{model="m"} 1'));
});

test('a gauge must not be called as the family of a counter is', (t) => {
  const registry = new MetricRegistry();
  registry.counter({ name: 'things_total', help: 'Things.', labels: [] });
  t.throws(() => registry.gauge({ name: 'things', help: 'Things.', labels: [] }, () => []), { message: /beside/ });
});
