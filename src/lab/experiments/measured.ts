import {
  expandedPercentiles,
  resampled,
  type Statistic,
  type Sums,
  statisticOf,
  studentQuantile,
  valueOverall,
} from '../../engine/index.js';

/** A number with its uncertainty. */
export interface Measured {
  readonly value: number;
  /** Bounds of a 95 % confidence interval; absent where there is too little to tell. */
  readonly lower?: number;
  readonly upper?: number;
  /** Examples of each seed. */
  readonly examples: number;
  /** Trained models behind it. */
  readonly seeds: number;
  /** What the interval is over: models of different seeds, or examples of the same model. */
  readonly over: 'seeds' | 'examples';
}

/** What examples add to one figure of one model. */
export interface Sample {
  /** By key of the example. */
  readonly sums: ReadonlyMap<string, Sums>;
  /** Whether the figure is the mean IoU; else the mean. */
  readonly isMiou: boolean;
}

/** From so many seeds on, the interval is over seeds. */
const SEEDS_FOR_INTERVAL = 3;

/** Turns the figures of several samples into one number; `undefined` where it has no value. */
export type Combine = (values: readonly number[]) => number | undefined;

/**
 * A number that follows from figures of the same examples, for instance the difference of two models, with its 95 % interval.
 * With at least three seeds that is Student's over the numbers of the seeds; with fewer, examples are resampled, each with all
 * of its figures, so that what two models have in common cancels out.
 *
 * @param seeds for each seed, the samples that `combine` takes, in its order
 * @returns `undefined` where there is no seed, or no value
 */
export function measure(seeds: readonly (readonly Sample[])[], combine: Combine): Measured | undefined {
  const statistics = seeds.map((samples) => jointStatistic(samples, combine));
  const values = statistics.map((statistic) => (statistic.parts.length === 0 ? undefined : valueOverall(statistic)));
  if (values.length === 0 || values.some((value) => value === undefined || !Number.isFinite(value))) return undefined;
  const known = values as readonly number[];
  const value = mean(known);
  const examples = statistics[0]?.parts.length ?? 0;
  if (known.length >= SEEDS_FOR_INTERVAL) {
    const half = studentHalfWidth(known);
    return { value, lower: value - half, upper: value + half, examples, seeds: known.length, over: 'seeds' };
  }
  const plain = { value, examples, seeds: known.length, over: 'examples' } as const;
  if (examples < 2) return plain;
  const draws = resampled(meanStatistic(statistics));
  if (draws.length === 0) return plain;
  const [lower, upper] = expandedPercentiles(draws, examples);
  return { ...plain, lower: Math.min(lower, value), upper: Math.max(upper, value) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** t · s / √n, with the 95 % quantile of Student's distribution of n − 1 degrees of freedom. */
function studentHalfWidth(values: readonly number[]): number {
  const centre = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
  return studentQuantile(values.length - 1, 0.95) * Math.sqrt(variance / values.length);
}

/** Figures of the examples that all samples have, side by side, as one statistic. */
function jointStatistic(samples: readonly Sample[], combine: Combine): Statistic {
  const keys = [...(samples[0]?.sums.keys() ?? [])].filter((key) =>
    samples.every(({ sums }) => isCounted(sums.get(key))),
  );
  const each = samples.map(({ sums, isMiou }) =>
    statisticOf(
      keys.map((key) => sums.get(key) ?? []),
      isMiou,
    ),
  );
  return joined(each, keys.length, combine);
}

const isCounted = (sums: Sums | undefined): boolean => sums !== undefined && (sums[0] ?? 0) > 0;

/** The same examples of all seeds, and the mean of their numbers. */
function meanStatistic(statistics: readonly Statistic[]): Statistic {
  const [first] = statistics;
  if (statistics.length === 1 && first !== undefined) return first;
  const count = Math.min(...statistics.map(({ parts }) => parts.length));
  return joined(statistics, count, mean);
}

/** Parts of several statistics as one vector for each example. */
function joined(statistics: readonly Statistic[], count: number, combine: Combine): Statistic {
  const lengths = statistics.map(({ parts }) => parts[0]?.length ?? 0);
  const starts = lengths.map((_, i) => lengths.slice(0, i).reduce((sum, length) => sum + length, 0));
  return {
    parts: Array.from({ length: count }, (_, n) =>
      Float64Array.from(statistics.flatMap(({ parts }) => [...(parts[n] ?? [])])),
    ),
    value(total) {
      const values: number[] = [];
      for (const [i, statistic] of statistics.entries()) {
        const start = starts[i] ?? 0;
        const value = statistic.value(total.subarray(start, start + (lengths[i] ?? 0)));
        if (value === undefined) return undefined;
        values.push(value);
      }
      return combine(values);
    },
  };
}
