import { keyedRandom } from '../../tensor/random.js';
import { normalCdf, studentQuantile } from './student.js';

/** Number of resamples. */
export const RESAMPLES = 1000;

/** A statistic of sums over examples. */
export interface Statistic {
  /** What each example adds: vectors of one length. */
  readonly parts: readonly Float64Array[];
  /** The statistic of a sum of parts; `undefined` where nothing counts. */
  value(total: Float64Array): number | undefined;
}

/**
 * The statistic of `RESAMPLES` draws of as many examples with replacement, in ascending order; resamples in which nothing
 * counts are left out. The draws depend on the number of examples alone, so that the same examples give the same numbers
 * whatever else is computed.
 */
export function resampled({ parts, value }: Statistic): Float64Array {
  const random = keyedRandom('bootstrap', 0, '', 0);
  const total = new Float64Array(parts[0]?.length ?? 0);
  const values: number[] = [];
  for (let b = 0; b < RESAMPLES; b++) {
    total.fill(0);
    for (let n = 0; n < parts.length; n++) {
      const part = parts[Math.floor(random() * parts.length)] as Float64Array;
      for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (part[i] as number);
    }
    const result = value(total);
    if (result !== undefined && Number.isFinite(result)) values.push(result);
  }
  return Float64Array.from(values).sort();
}

/**
 * The expanded percentile interval of 95 %: the bootstrap's own quantiles, at
 *
 *   Φ(∓ √(n / (n − 1)) · t)        t the two-sided 95 % quantile of Student's distribution with n − 1 degrees of freedom
 *
 * instead of 2.5 % and 97.5 %, which a plain percentile interval takes and which are too narrow for few examples. Like every
 * percentile interval it stays in the range of the metric and needs no variance; BCa, which corrects skewness instead, is
 * undefined where all examples agree and narrower than it should be for the 10 … 50 examples of a probe.
 * Source: Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician 69, 2015 (arXiv:1411.5279).
 *
 * @param sorted values of the resamples, in ascending order, at least one
 * @param examples n ≥ 2
 */
export function expandedPercentiles(sorted: Float64Array, examples: number): readonly [lower: number, upper: number] {
  const t = studentQuantile(examples - 1, 0.95);
  const tail = normalCdf(-Math.sqrt(examples / (examples - 1)) * t);
  return [quantile(sorted, tail), quantile(sorted, 1 - tail)];
}

/** The quantile at (B + 1) p, between neighbours in proportion; the extremes beyond the first and the last. */
function quantile(sorted: Float64Array, probability: number): number {
  const rank = Math.min(Math.max((sorted.length + 1) * probability, 1), sorted.length);
  const below = Math.floor(rank);
  const [low, high] = [sorted[below - 1] as number, sorted[Math.min(below, sorted.length - 1)] as number];
  return low + (rank - below) * (high - low);
}
