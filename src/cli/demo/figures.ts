import type { MetricValue, Prediction, TaskOutcome } from '../../clients/index.js';
import { formatTable, numberText } from '../format.js';
import type { PlannedAttack } from './plan.js';

/** The metrics of the three tasks, over all examples. */
export interface Figures {
  /** Over the dataset: of the summed confusion matrix. */
  readonly segmentation: number;
  /** Mean absolute error, in disparity / 1000. */
  readonly depth: number;
  /** Mean squared error of the normalised input. */
  readonly reconstruction: number;
}

const TASKS = ['segmentation', 'depth', 'reconstruction'] as const;

/**
 * The figures of a summary.
 *
 * @param pick which of an outcome's metrics
 * @throws Error. Thrown when a task has none.
 */
export function figuresOf(
  outcomes: readonly TaskOutcome[],
  pick: (outcome: TaskOutcome) => MetricValue | undefined,
): Figures {
  const metricOf = (task: keyof Figures): number => {
    const outcome = outcomes.find((candidate) => candidate.task === task);
    const value = outcome === undefined ? undefined : pick(outcome)?.value;
    if (value === undefined) throw new Error(`expected a metric of ${task} from the gateway, got none`);
    return value;
  };
  return figuresFrom(metricOf);
}

/**
 * The figures of predictions with labels, each over all examples.
 *
 * @throws Error. Thrown when an example has no metric of a task.
 */
export function predictedFigures(predictions: readonly Prediction[]): Figures {
  const metricsOf = (task: string): MetricValue[] =>
    predictions.map(({ exampleKey, tasks }) => {
      const metric = tasks.find((candidate) => candidate.task === task)?.metric;
      if (metric === undefined) throw new Error(`expected a metric of ${task} for ${exampleKey}, got none`);
      return metric;
    });
  return figuresFrom((task) => (task === 'segmentation' ? datasetMiou : weightedMean)(metricsOf(task)));
}

/** @throws Error. Thrown when a figure is not a number: a table must not show what nobody measured. */
function figuresFrom(figureOf: (task: keyof Figures) => number): Figures {
  const checked = (task: keyof Figures): number => {
    const figure = figureOf(task);
    if (!Number.isFinite(figure)) throw new Error(`expected a number as the metric of ${task}, got ${figure}`);
    return figure;
  };
  return { segmentation: checked('segmentation'), depth: checked('depth'), reconstruction: checked('reconstruction') };
}

/** Mean over the classes of intersection / union of the summed confusion matrix, without classes that never occur. */
export function datasetMiou(metrics: readonly Pick<MetricValue, 'confusion'>[]): number {
  const cells = metrics[0]?.confusion.length ?? 0;
  const total = Array.from({ length: cells }, (_, i) =>
    sum(metrics.map(({ confusion }) => Number(confusion[i] ?? 0n))),
  );
  const count = Math.round(Math.sqrt(cells));
  const classes = Array.from({ length: count }, (_, c) => c);
  const ratios = classes.flatMap((c) => {
    const right = total[c * count + c] ?? 0;
    const union = sum(classes.map((k) => (total[c * count + k] ?? 0) + (total[k * count + c] ?? 0))) - right;
    return union === 0 ? [] : [right / union];
  });
  return sum(ratios) / ratios.length;
}

const weightedMean = (metrics: readonly MetricValue[]): number =>
  sum(metrics.map(({ value = Number.NaN, count }) => value * Number(count))) /
  sum(metrics.map(({ count }) => Number(count)));

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** How far the served model may be from what an attack reported of the same images, relative to values above 1. */
const AGREEMENT = 1e-3;

/**
 * Holds what the served model says of adversarial images against what the attack reported of them. A reconstruction is left
 * out: its label is the clean input, which a prediction of the adversarial image alone does not know.
 *
 * @throws Error. Thrown when they differ.
 */
export function checkAgreement(served: Figures, reported: Figures): void {
  for (const task of ['segmentation', 'depth'] as const) {
    if (Math.abs(served[task] - reported[task]) <= AGREEMENT * Math.max(1, reported[task])) continue;
    throw new Error(
      `expected ${task} of ${reported[task]} for the adversarial PNGs, the served model gives ${served[task]}`,
    );
  }
}

/** What an attack did. */
export interface AttackRow {
  readonly planned: PlannedAttack;
  readonly figures: Figures;
}

/** The table of the demo: a star beside the metrics of attacked tasks. */
export function attackTable(clean: Figures, rows: readonly AttackRow[]): string {
  const cells = ({ planned, figures }: AttackRow): string[] => {
    const attacked = planned.objective.tasks?.map(({ task }) => task) ?? [];
    return TASKS.map((task) => `${numberText(figures[task])}${attacked.includes(task) ? '*' : ' '}`);
  };
  const cleanCells = TASKS.map((task) => `${numberText(clean[task])} `);
  return formatTable(
    ['attack', 'attacked tasks', 'mIoU ↑', 'depth error ↓', 'reconstruction error ↓'],
    [['none', '', ...cleanCells], ...rows.map((row) => [row.planned.name, row.planned.objectiveName, ...cells(row)])],
    [0, 1],
  );
}
