import test from 'ava';
import { measure, type Sample } from '../../../src/lab/experiments/measured.js';

/** A mean over examples whose values these are. */
const meanOf = (...values: readonly number[]): Sample => ({
  sums: new Map(values.map((value, i) => [`example ${i}`, [1, value]])),
  isMiou: false,
});
const first = ([value]: readonly number[]): number | undefined => value;
const difference = ([a = Number.NaN, b = Number.NaN]: readonly number[]): number => b - a;

test('what two models have in common cancels out: a shift by 1 of every example is 1 without doubt', (t) => {
  const base = meanOf(1, 5, 9, 30, -7);
  const measured = measure([[base, meanOf(2, 6, 10, 31, -6)]], difference);
  t.like(measured, { value: 1, examples: 5, seeds: 1, over: 'examples' });
  for (const bound of [measured?.lower, measured?.upper]) t.true(Math.abs((bound ?? 0) - 1) < 1e-12);
});

test('with three seeds the interval is Student’s over their numbers', (t) => {
  const measured = measure([[meanOf(1, 1)], [meanOf(2, 2)], [meanOf(2, 4)]], first);
  t.is(measured?.over, 'seeds');
  t.is(measured?.value, 2);
  // t of 2 degrees of freedom is 4.302653, s is 1.
  t.is(measured?.lower?.toFixed(6), (2 - 4.302653 / Math.sqrt(3)).toFixed(6));
  t.is(measured?.upper?.toFixed(6), (2 + 4.302653 / Math.sqrt(3)).toFixed(6));
});

test('with two seeds the value is their mean, and the interval is over examples', (t) => {
  const measured = measure([[meanOf(1, 3)], [meanOf(5, 7)]], first);
  t.like(measured, { value: 4, examples: 2, seeds: 2, over: 'examples' });
  t.true((measured?.lower ?? 4) < 4 && (measured?.upper ?? 4) > 4);
});

test('only examples that all samples have count', (t) => {
  const other: Sample = {
    sums: new Map([
      ['example 1', [1, 7]],
      ['example 2', [0, 0]],
      ['example 9', [1, 100]],
    ]),
    isMiou: false,
  };
  t.like(measure([[meanOf(100, 5, 100), other]], difference), { value: 2, examples: 1 });
});

test('the mean IoU is of all examples together', (t) => {
  // Class 0: 1 of 2 and 3 of 4, class 1 in one example alone: 1 of 3.
  const sums = new Map([
    ['a', [2, 1, 0, 1, 2]],
    ['b', [7, 4, 0, 3, 4, 1, 1, 3]],
  ]);
  t.is(measure([[{ sums, isMiou: true }]], first)?.value, (4 / 6 + 1 / 3) / 2);
});

test('one example has a value and no interval, no seed has neither', (t) => {
  t.deepEqual(measure([[meanOf(3)]], first), { value: 3, examples: 1, seeds: 1, over: 'examples' });
  t.is(measure([], first), undefined);
  t.is(measure([[meanOf()]], first), undefined);
});
