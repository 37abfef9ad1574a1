import test from 'ava';
import { backOffMs } from '../../../src/cli/relay/back-off.js';

const cases: readonly [title: string, arguments_: Parameters<typeof backOffMs>, expected: number][] = [
  ['the first wait is half a second', [1, 0], 500],
  ['chance takes a half off at most', [1, 0.5], 375],
  ['each failure doubles the wait', [4, 0], 4000],
  ['it grows to a minute', [8, 0], 60_000],
  ['a thousand failures make it no longer', [1000, 0], 60_000],
  ['what is asked for is waited', [1, 0, 7000], 7000],
  ['what is asked for shortens nothing', [8, 0, 7000], 60_000],
  ['nobody makes it wait longer than an hour', [1, 0, 1e9], 3_600_000],
];
for (const [title, arguments_, expected] of cases) {
  test(title, (t) => t.is(backOffMs(...arguments_), expected));
}
