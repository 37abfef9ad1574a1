import test from 'ava';
import { mcnemarTest } from '../../../../src/engine/evaluation/statistics/mcnemar.js';

// By hand: twice the lower tail of the binomial distribution with p = 1/2.
const table: readonly (readonly [onlyBefore: number, onlyAfter: number, p: number])[] = [
  [0, 0, 1],
  [1, 0, 1],
  [5, 0, 2 / 32],
  [6, 0, 2 / 64],
  [1, 9, (2 * (1 + 10)) / 1024],
  [8, 2, (2 * (1 + 10 + 45)) / 1024],
  [5, 5, 1],
];
for (const [before, after, p] of table) {
  test(`of ${before} losses and ${after} gains p is ${p}`, (t) => {
    t.true(Math.abs(mcnemarTest(before, after) - p) < 1e-12);
    t.is(mcnemarTest(after, before), mcnemarTest(before, after));
  });
}

test('tables beyond the range of 2ⁿ have a p-value too', (t) => {
  // In exact fractions: 2 Σ C(2060, i) / 2²⁰⁶⁰ over i ≤ 960.
  const p = mcnemarTest(1100, 960);
  t.true(Math.abs(p - 0.0021870888101999833) < 1e-14, `got ${p}`);
});
