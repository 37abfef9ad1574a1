import {
  type AttackFigures,
  type EpsilonCurve,
  type EvaluationResult,
  epsilonCurves,
  type TaskFigures,
} from '../../engine/index.js';
import { numberText } from '../format.js';
import { frame, GREY, markOf, responsive } from './chart-frame.js';
import type { ChartRenderer } from './chart-renderer.js';
import { metricOf } from './figure.js';

/** A plot with what it needs around it. */
export interface Chart {
  readonly title: string;
  /** An SVG element. */
  readonly svg: string;
}

/** Attacks that differ in ε alone, as a legend names them. */
export interface Series {
  /** What they have in common, in the text form. */
  readonly name: string;
  readonly color: string;
  /** The mark of its points as a character. */
  readonly glyph: string;
}

export interface Charts {
  readonly series: readonly Series[];
  /** A metric over ε, one chart per task. Empty where every attack has one radius. */
  readonly curves: readonly Chart[];
  /** IoU per class, one chart for each attack and attacked task whose figures may be trusted. */
  readonly classes: readonly Chart[];
}

/** Draws every chart of a report. */
export async function drawCharts(result: EvaluationResult, render: ChartRenderer): Promise<Charts> {
  const all = epsilonCurves(result.attacks);
  const names = [...new Set(all.map(({ spec }) => spec))];
  const series = names.map((name, i) => ({ name, color: markOf(i).color, glyph: markOf(i).glyph }));
  const tasks = [...new Set(all.map(({ task }) => task))];
  const curves = await Promise.all(
    tasks.map((name) =>
      curveChart(
        all.filter(({ task }) => task === name),
        names,
        render,
      ),
    ),
  );
  const hurt = result.attacks.flatMap((attack) =>
    attack.tasks.filter((task) => isClassChart(attack, task)).map((task) => ({ attack, task })),
  );
  // The most that an attack achieved comes first.
  const classes = hurt
    .toSorted((a, b) => (a.task.adversarial.value ?? 1) - (b.task.adversarial.value ?? 1))
    .map(({ attack, task }) => classChart(attack, task, render));
  return { series, curves, classes: await Promise.all(classes) };
}

const isClassChart = (attack: AttackFigures, { attacked, perClass }: TaskFigures): boolean =>
  attacked && perClass !== undefined && attack.verdict === 'ok';

interface Point {
  readonly series: string;
  readonly epsilon: number;
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  readonly isSuspect: boolean;
}

/** @param curves those of one task */
async function curveChart(
  curves: readonly EpsilonCurve[],
  names: readonly string[],
  render: ChartRenderer,
): Promise<Chart> {
  const [task = NO_CURVE] = curves;
  const points = curves.flatMap(({ spec, points }) => points.flatMap((point) => pointsOf(spec, point)));
  const trusted = points.filter(({ isSuspect }) => !isSuspect);
  const doubted = points.filter(({ isSuspect }) => isSuspect);
  const x = { field: 'epsilon', type: 'quantitative', title: 'ε / 255', axis: { format: '~g' } } as const;
  const y = { field: 'value', type: 'quantitative', title: null } as const;
  const color = {
    field: 'series',
    type: 'nominal',
    legend: null,
    scale: { domain: [...names], range: names.map((_, i) => markOf(i).color) },
  } as const;
  const shape = { ...color, scale: { domain: [...names], range: names.map((_, i) => markOf(i).shape) } } as const;
  const svg = await render({
    ...frame(`${task.task}: ${task.metric} over ε`),
    width: 270,
    height: 190,
    layer: [
      { data: { values: trusted }, mark: { type: 'line', strokeWidth: 2 }, encoding: { x, y, color } },
      {
        data: { values: trusted },
        mark: { type: 'rule', strokeWidth: 1.5 },
        encoding: { x, y: { ...y, field: 'lower' }, y2: { field: 'upper' }, color },
      },
      { data: { values: trusted }, mark: { type: 'point', filled: true, size: 45 }, encoding: { x, y, color, shape } },
      // Without a line and a colour of its own: it belongs to no curve.
      { data: { values: doubted }, mark: { type: 'text', text: '✕', fontSize: 12, color: GREY }, encoding: { x, y } },
    ],
  });
  return { title: `${task.task}: ${metricOf(task)}`, svg: responsive(svg) };
}

const NO_CURVE = { task: '', metric: '', unit: '' };

function pointsOf(series: string, { epsilon, figure, isSuspect }: EpsilonCurve['points'][number]): readonly Point[] {
  const { value } = figure;
  if (value === undefined) return [];
  return [{ series, epsilon, value, lower: figure.lower ?? value, upper: figure.upper ?? value, isSuspect }];
}

async function classChart(
  { spec }: AttackFigures,
  { task, perClass = [], adversarial }: TaskFigures,
  render: ChartRenderer,
): Promise<Chart> {
  const values = perClass.flatMap(({ name, clean, adversarial: attacked }) => [
    { name, condition: 'clean', value: clean },
    { name, condition: 'attacked', value: attacked },
  ]);
  const svg = await render({
    ...frame(`${task}: IoU of each class, clean and under ${spec}`),
    width: 230,
    height: { step: 11 },
    data: { values: values.filter(({ value }) => value !== null) },
    mark: { type: 'bar' },
    encoding: {
      x: { field: 'value', type: 'quantitative', title: 'IoU', scale: { domain: [0, 1] }, axis: { format: '~g' } },
      y: { field: 'name', type: 'nominal', sort: null, title: null },
      yOffset: { field: 'condition', sort: ['clean', 'attacked'] },
      color: {
        field: 'condition',
        type: 'nominal',
        legend: null,
        scale: { domain: ['clean', 'attacked'], range: [GREY, markOf(1).color] },
      },
    },
  });
  const robust = adversarial.value === undefined ? '' : `: mIoU ${numberText(adversarial.value)}`;
  return { title: `${task} under ${spec}${robust}`, svg: responsive(svg) };
}
