import test from 'ava';
import { wilsonInterval } from '../../../../src/engine/evaluation/statistics/wilson.js';

// Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, table I, method 3.
const table: readonly (readonly [successes: number, n: number, lower: number, upper: number])[] = [
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
];
for (const [successes, n, lower, upper] of table) {
  test(`the interval of ${successes} of ${n} is that of the literature`, (t) => {
    const [low, high] = wilsonInterval(successes, n);
    t.deepEqual([low.toFixed(4), high.toFixed(4)], [lower.toFixed(4), upper.toFixed(4)]);
  });
}

test('failures have the mirrored interval, and all successes reach 1', (t) => {
  const [low, high] = wilsonInterval(3, 10);
  const [mirroredLow, mirroredHigh] = wilsonInterval(7, 10);
  t.true(Math.abs(1 - high - mirroredLow) < 1e-15 && Math.abs(1 - low - mirroredHigh) < 1e-15);
  t.is(wilsonInterval(20, 20)[1], 1);
});
