import test from 'ava';
import {
  expandedPercentiles,
  RESAMPLES,
  resampled,
  type Statistic,
} from '../../../../src/engine/evaluation/statistics/bootstrap.js';
import { keyedRandom } from '../../../../src/engine/tensor/random.js';

const meanOf = (values: readonly number[]): Statistic => ({
  parts: values.map((value) => Float64Array.of(1, value)),
  value: ([count = 0, sum = 0]) => (count === 0 ? undefined : sum / count),
});

/** A normal draw, by Box and Muller. */
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

test('the same examples give the same resamples, in ascending order', (t) => {
  const values = resampled(meanOf([1, 2, 4]));
  t.is(values.length, RESAMPLES);
  t.deepEqual(values, resampled(meanOf([1, 2, 4])));
  t.deepEqual(values, values.toSorted());
  t.deepEqual([values[0], values.at(-1)], [1, 4]);
});

test('resamples in which nothing counts are left out', (t) => {
  const { value } = meanOf([]);
  const values = resampled({ parts: [Float64Array.of(1, 5), Float64Array.of(0, 0)], value });
  t.true(values.length > 0.7 * RESAMPLES && values.length < 0.8 * RESAMPLES);
  t.true(values.every((mean) => mean === 5));
});

test('two examples have the interval of their extremes', (t) => {
  t.deepEqual(expandedPercentiles(resampled(meanOf([1, 3])), 2), [1, 3]);
});

const coverage = test.macro<
  [n: number, draw: (random: () => number) => number, mean: number, least: number, most: number]
>({
  title: (name) => `the interval covers the truth as often as it says: ${name}`,
  exec(t, n, draw, mean, least, most) {
    const trials = 400;
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const random = keyedRandom('start', 7, `${n}`, trial);
      const values = Array.from({ length: n }, () => draw(random));
      const [lower, upper] = expandedPercentiles(resampled(meanOf(values)), n);
      if (lower <= mean && mean <= upper) covered++;
    }
    const share = covered / trials;
    t.true(share >= least && share <= most, `got ${share}`);
  },
});
test('a normal error of 10 examples', coverage, 10, normal, 0, 0.92, 0.98);
test('a normal error of 40 examples', coverage, 40, normal, 0, 0.925, 0.975);
test('a skewed error of 20 examples', coverage, 20, (random) => -Math.log(1 - random()), 1, 0.89, 0.97);
test('the share of 30 examples', coverage, 30, (random) => Number(random() < 0.3), 0.3, 0.91, 0.98);
