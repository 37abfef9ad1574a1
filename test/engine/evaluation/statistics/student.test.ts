import test from 'ava';
import { normalCdf, studentQuantile } from '../../../../src/engine/evaluation/statistics/student.js';

// Any table of Student's distribution, column 0.975.
const table: readonly (readonly [degrees: number, quantile: string])[] = [
  [1, '12.706'],
  [2, '4.303'],
  [3, '3.182'],
  [4, '2.776'],
  [15, '2.131'],
  [30, '2.042'],
  [120, '1.980'],
  [1000, '1.962'],
];
for (const [degrees, quantile] of table) {
  test(`the two-sided 95 % quantile for ${degrees} degrees of freedom is ${quantile}`, (t) => {
    t.is(studentQuantile(degrees, 0.95).toFixed(3), quantile);
  });
}

test('for many degrees of freedom the distribution is the normal one', (t) => {
  t.true(Math.abs(studentQuantile(1e6, 0.95) - 1.959963984540054) < 1e-9);
  t.true(Math.abs(normalCdf(-1.959963984540054) - 0.025) < 1e-12);
  t.is(normalCdf(0), 0.5);
});
