import type { OutcomeChart, Reproduction } from '../../lab/index.js';
import { frame, markOf, responsive } from '../report/chart-frame.js';
import type { ChartRenderer } from '../report/chart-renderer.js';

/** The charts of an experiment as SVG elements, in its order. */
export async function drawOutcomeCharts(
  { experiments }: Reproduction,
  render: ChartRenderer,
): Promise<ReadonlyMap<OutcomeChart, string>> {
  const drawn = new Map<OutcomeChart, string>();
  for (const chart of experiments.flatMap(({ charts }) => charts)) {
    if (chart.series.some(({ points }) => points.length > 0)) drawn.set(chart, await drawChart(chart, render));
  }
  return drawn;
}

async function drawChart({ title, x, y, series }: OutcomeChart, render: ChartRenderer): Promise<string> {
  const names = series.map(({ name }) => name);
  const values = series.flatMap(({ name, points }, i) =>
    points.map((point) => ({
      series: name,
      x: apart(point.x, i - (series.length - 1) / 2, x.scale),
      value: point.measured.value,
      lower: point.measured.lower ?? point.measured.value,
      upper: point.measured.upper ?? point.measured.value,
    })),
  );
  const across =
    x.scale === 'names'
      ? ({ field: 'x', type: 'ordinal', title: x.title, sort: null, axis: { labelAngle: 0 } } as const)
      : ({
          field: 'x',
          type: 'quantitative',
          title: x.title,
          scale: { type: x.scale, ...(x.scale === 'log' && { nice: false }) },
          axis: { format: '.3~g', ...(x.scale === 'log' && { tickCount: 5 }) },
        } as const);
  const up = {
    type: 'quantitative',
    title: y.title,
    scale: { type: y.scale, ...(y.scale === 'linear' && { zero: false }) },
    axis: { format: '.3~g', ...(y.scale === 'log' && { tickCount: 5 }) },
  } as const;
  const color = {
    field: 'series',
    type: 'nominal',
    legend: null,
    scale: { domain: names, range: names.map((_, i) => markOf(i).color) },
  } as const;
  const shape = { ...color, scale: { domain: names, range: names.map((_, i) => markOf(i).shape) } } as const;
  const svg = await render({
    ...frame(title),
    width: 300,
    height: 210,
    data: { values },
    layer: [
      { mark: { type: 'line', strokeWidth: 2 }, encoding: { x: across, y: { ...up, field: 'value' }, color } },
      {
        mark: { type: 'rule', strokeWidth: 1.5 },
        encoding: { x: across, y: { ...up, field: 'lower' }, y2: { field: 'upper' }, color },
      },
      {
        mark: { type: 'point', filled: true, size: 45 },
        encoding: { x: across, y: { ...up, field: 'value' }, color, shape },
      },
    ],
  });
  return responsive(svg);
}

/** Places of a series a little aside, so that intervals of several do not hide each other. */
function apart(place: number | string, steps: number, scale: OutcomeChart['x']['scale']): number | string {
  if (typeof place === 'string') return place;
  return scale === 'log' ? place * 1.03 ** steps : place + 0.12 * steps;
}
