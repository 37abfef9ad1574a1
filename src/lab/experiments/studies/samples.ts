import type { AttackCellPlan } from '../cell-plan.js';
import type { AttackCellResult } from '../cell-result.js';
import type { ReadCell } from '../experiment.js';
import { type Combine, type Measured, measure, type Sample } from '../measured.js';

/** Which images a figure is of. */
export type Condition = 'clean' | 'adversarial';

/** The attack cell that a plan describes, if it was measured. */
export function readAttack(read: ReadCell, cell: AttackCellPlan): AttackCellResult | undefined {
  const result = read(cell);
  return result?.kind === 'attack' ? result : undefined;
}

/**
 * What the examples of a cell add to the metric of a task, or to the share of its positions that are right.
 */
export function sampleOf(
  result: AttackCellResult,
  task: string,
  condition: Condition,
  figure: 'metric' | 'accuracy' = 'metric',
): Sample {
  const isMiou = figure === 'metric' && result.tasks.find((one) => one.task === task)?.metric === 'miou';
  const sums = result.examples.flatMap((example) => {
    const own = example[condition][task];
    return own === undefined ? [] : [[example.key, own] as const];
  });
  return { sums: new Map(sums), isMiou };
}

/** Percent for ratios, the metric's own unit for errors. */
const shown = (isRatio: boolean): ((value: number) => number) => (isRatio ? (value) => 100 * value : (value) => value);

/** A figure of one model, or of models of several seeds. */
export const figureOf = (samples: readonly Sample[], isRatio: boolean): Measured | undefined =>
  measure(
    samples.map((sample) => [sample]),
    ([value = Number.NaN]) => shown(isRatio)(value),
  );

/** By how much the second figure is better than the first, in the units that are shown. */
export const gain =
  (higherIsBetter: boolean): Combine =>
  ([base = Number.NaN, other = Number.NaN]) =>
    shown(higherIsBetter)(higherIsBetter ? other - base : base - other);

/** The same in percent of the first. */
export const relativeGain =
  (higherIsBetter: boolean): Combine =>
  ([base = Number.NaN, other = Number.NaN]) =>
    base === 0 ? undefined : (100 * (higherIsBetter ? other - base : base - other)) / base;

/** By how much the second of two models is better than the first, over the seeds for which both were measured. */
export function compareModels(
  pairs: readonly (readonly [base: Sample | undefined, other: Sample | undefined])[],
  combine: Combine,
): Measured | undefined {
  const known = pairs.flatMap(([base, other]) => (base === undefined || other === undefined ? [] : [[base, other]]));
  return measure(known, combine);
}
