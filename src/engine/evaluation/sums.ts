import { classUnions } from '../metrics/measures/miou.js';
import type { MetricPart } from '../metrics/metric.js';
import type { Sums } from './result.js';
import type { Statistic } from './statistics/bootstrap.js';

/** What is enough of a part for its metric, in few numbers. */
export function sumsOf({ count, sum, confusion }: MetricPart): Sums {
  const unions = classUnions(confusion ?? []).flatMap(({ both, union }, c) => (union > 0 ? [c, both, union] : []));
  return [count, sum, ...unions];
}

/**
 * The metric of sums as a statistic: for mIoU a part is, for each class, both and union; else count and sum.
 *
 * @param isMiou whether the metric is the mean IoU
 */
export function statisticOf(sums: readonly Sums[], isMiou: boolean): Statistic {
  if (!isMiou) {
    return {
      parts: sums.map((one) => Float64Array.from(one.slice(0, 2))),
      value: ([count = 0, sum = 0]) => (count === 0 ? undefined : sum / count),
    };
  }
  const classes = 1 + sums.flatMap((one) => classesIn(one)).reduce((most, c) => Math.max(most, c), -1);
  return { parts: sums.map((one) => unionVector(one, classes)), value: meanOfUnions };
}

function classesIn(sums: Sums): number[] {
  return sums.filter((_, i) => i >= 2 && (i - 2) % 3 === 0);
}

function unionVector(sums: Sums, classes: number): Float64Array {
  const vector = new Float64Array(2 * classes);
  for (let i = 2; i < sums.length; i += 3) {
    const c = sums[i] as number;
    vector[2 * c] = sums[i + 1] as number;
    vector[2 * c + 1] = sums[i + 2] as number;
  }
  return vector;
}

function meanOfUnions(total: Float64Array): number | undefined {
  let [count, sum] = [0, 0];
  for (let i = 0; i < total.length; i += 2) {
    const union = total[i + 1] as number;
    if (union === 0) continue;
    count++;
    sum += (total[i] as number) / union;
  }
  return count === 0 ? undefined : sum / count;
}

/** The statistic over all examples, each once. */
export function valueOverall({ parts, value }: Statistic): number | undefined {
  const total = new Float64Array(parts[0]?.length ?? 0);
  for (const part of parts) for (const [i, x] of part.entries()) total[i] = (total[i] as number) + x;
  return value(total);
}
