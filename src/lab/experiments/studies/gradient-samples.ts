import type { GradientCellPlan } from '../cell-plan.js';
import type { GradientCellResult } from '../cell-result.js';
import type { ReadCell } from '../experiment.js';
import type { Sample } from '../measured.js';

/** The gradient cell that a plan describes, if it was measured. */
export function readGradients(read: ReadCell, cell: GradientCellPlan): GradientCellResult | undefined {
  const result = read(cell);
  return result?.kind === 'gradients' ? result : undefined;
}

/** One number of each example, as a mean. */
export const meanSample = (
  { examples }: GradientCellResult,
  numberOf: (example: GradientCellResult['examples'][number]) => number,
): Sample => ({ sums: new Map(examples.map((example) => [example.key, [1, numberOf(example)]])), isMiou: false });

/**
 * The length of the joint gradient (1/M) Σ r_i of the first M tasks, from their Gram matrix.
 *
 * @param gram row-major
 */
export function jointNorm(gram: readonly number[], tasks: number): number {
  const size = Math.sqrt(gram.length);
  let sum = 0;
  for (let i = 0; i < tasks; i++) for (let j = 0; j < tasks; j++) sum += gram[i * size + j] ?? 0;
  return Math.sqrt(Math.max(sum, 0)) / tasks;
}

/** The slope of log y over log x by least squares. */
export function logSlope(x: readonly number[], y: readonly number[]): number | undefined {
  if (y.some((value) => !(value > 0))) return undefined;
  const [u, v] = [x.map(Math.log), y.map(Math.log)];
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [centreU, centreV] = [meanOf(u), meanOf(v)];
  const products = u.reduce((sum, value, i) => sum + (value - centreU) * ((v[i] ?? 0) - centreV), 0);
  const squares = u.reduce((sum, value) => sum + (value - centreU) ** 2, 0);
  return squares === 0 ? undefined : products / squares;
}
