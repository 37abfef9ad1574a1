import type { Sums, TaskFigures } from '../result.js';
import { expandedPercentiles, resampled, type Statistic } from '../statistics/bootstrap.js';
import { mcnemarTest } from '../statistics/mcnemar.js';
import { statisticOf, valueOverall } from '../sums.js';

/** The change of a metric over the same examples. */
export interface PairedChange {
  readonly before: number;
  readonly after: number;
  readonly test: 'mcnemar' | 'paired-bootstrap';
  /** Two-sided. */
  readonly pValue: number;
  /** 95 % interval of after − before. */
  readonly lower: number;
  readonly upper: number;
}

export interface Pair {
  readonly was: Sums;
  readonly is: Sums;
}

/**
 * What became of a metric. Where each example is right or wrong, that is McNemar's exact test; else examples are resampled,
 * each with both of its values, and p is twice the smaller share of resamples on the other side of no change,
 *
 *   p = min(1, 2 (1 + min(#{d* ≤ 0}, #{d* ≥ 0})) / (B + 1))
 *
 * Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 15 and 16; one is added as Davison and
 * Hinkley, "Bootstrap Methods and their Application", 1997, section 4.2 do, so that p is never 0.
 *
 * @returns `undefined` with fewer than 2 pairs, or where the metric has no value
 */
export function pairedChange(
  { metric }: Pick<TaskFigures, 'metric'>,
  pairs: readonly Pair[],
): PairedChange | undefined {
  const isMiou = metric === 'miou';
  const before = valueOverall(
    statisticOf(
      pairs.map(({ was }) => was),
      isMiou,
    ),
  );
  const after = valueOverall(
    statisticOf(
      pairs.map(({ is }) => is),
      isMiou,
    ),
  );
  if (pairs.length < 2 || before === undefined || after === undefined) return undefined;
  if (!Number.isFinite(before) || !Number.isFinite(after)) return undefined;
  const changes = resampled(changeOf(pairs, isMiou));
  const [lower, upper] = expandedPercentiles(changes, pairs.length);
  const common = { before, after, lower, upper };
  if (metric !== 'accuracy' || !pairs.every(isRightOrWrong)) {
    return { ...common, test: 'paired-bootstrap', pValue: bootstrapPValue(changes) };
  }
  const onlyBefore = pairs.filter(({ was, is }) => was[1] === 1 && is[1] === 0).length;
  const onlyAfter = pairs.filter(({ was, is }) => was[1] === 0 && is[1] === 1).length;
  return { ...common, test: 'mcnemar', pValue: mcnemarTest(onlyBefore, onlyAfter) };
}

const isRightOrWrong = ({ was, is }: Pair): boolean => was[0] === 1 && is[0] === 1;

/** The difference of the metric, as a statistic of both sums side by side. */
function changeOf(pairs: readonly Pair[], isMiou: boolean): Statistic {
  const all = statisticOf([...pairs.map(({ was }) => was), ...pairs.map(({ is }) => is)], isMiou);
  const half = all.parts[0]?.length ?? 0;
  return {
    parts: pairs.map((_, i) => {
      const both = new Float64Array(2 * half);
      both.set(all.parts[i] ?? [], 0);
      both.set(all.parts[pairs.length + i] ?? [], half);
      return both;
    }),
    value(total) {
      const [before, after] = [all.value(total.subarray(0, half)), all.value(total.subarray(half))];
      return before === undefined || after === undefined ? undefined : after - before;
    },
  };
}

function bootstrapPValue(changes: Float64Array): number {
  const below = changes.filter((change) => change <= 0).length;
  const above = changes.filter((change) => change >= 0).length;
  return Math.min(1, (2 * (1 + Math.min(below, above))) / (changes.length + 1));
}
