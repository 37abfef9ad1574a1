import test from 'ava';
import { drawsOf } from '../../../src/lab/scenes/draws.js';

const COUNT = 20_000;
const many = (draw: () => number): readonly number[] => Array.from({ length: COUNT }, draw);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test('draws depend on seed and key alone', (t) => {
  const first = (seed: number, key: string): number => drawsOf(seed, key).uniform(0, 1);
  t.is(first(1, 'a'), first(1, 'a'));
  t.is(new Set([first(1, 'a'), first(2, 'a'), first(1, 'b')]).size, 3);
});

test('uniform draws fill their range evenly', (t) => {
  const draws = drawsOf(1, 'uniform');
  const values = many(() => draws.uniform(-2, 4));
  t.true(Math.min(...values) >= -2 && Math.max(...values) < 4);
  // Four standard errors of the mean, and of the variance 36 / 12.
  t.true(Math.abs(mean(values) - 1) < 0.05);
  t.true(Math.abs(mean(values.map((value) => (value - 1) ** 2)) - 3) < 0.08);
});

test('normal draws have the moments of a normal distribution, and neighbours nothing in common', (t) => {
  const draws = drawsOf(1, 'normal');
  const values = many(() => draws.normal(5, 2)).map((value) => (value - 5) / 2);
  const expected = [0, 1, 0, 3, 0, 15];
  const errors = [1, 1.41, 3.87, 9.8, 30.7, 101].map((deviation) => (4 * deviation) / Math.sqrt(COUNT));
  for (const [i, moment] of expected.entries()) {
    t.true(Math.abs(mean(values.map((value) => value ** (i + 1))) - moment) < (errors[i] as number), `moment ${i + 1}`);
  }
  const product = mean(values.map((value, i) => value * (values[i + 1] ?? 0)));
  t.true(Math.abs(product) < 0.03);
});

test('whole numbers, chances and sides are as likely as they should be', (t) => {
  const draws = drawsOf(1, 'others');
  const whole = many(() => draws.integer(2, 6));
  for (const value of [2, 3, 4, 5]) {
    t.true(Math.abs(whole.filter((one) => one === value).length / COUNT - 0.25) < 0.0125);
  }
  t.is(new Set(whole).size, 4);
  t.true(Math.abs(mean(many(() => Number(draws.chance(0.75)))) - 0.75) < 0.0125);
  const sides = many(() => draws.side());
  t.true(Math.abs(mean(sides)) < 0.03);
  t.deepEqual([...new Set(sides)].toSorted(), [-1, 1]);
});
