import test from 'ava';
import { cronProblem, type ScheduleOptions, scheduleOf, timeZoneProblem } from '../../../src/server/probes/schedule.js';

const schedule = (change: Partial<ScheduleOptions>) =>
  scheduleOf({ expression: '0 3 * * *', timeZone: 'UTC', jitterSeconds: 0, name: 'nightly', ...change });

const timesOf = (change: Partial<ScheduleOptions>, from: string, count: number): string[] => {
  const { next } = schedule(change);
  const times: string[] = [];
  for (let now = Date.parse(from); times.length < count; ) {
    now = next(now) ?? Number.NaN;
    times.push(new Date(now).toISOString());
  }
  return times;
};

for (const [what, change, from, ...expected] of [
  [
    'five fields are minutes and more',
    {},
    '2026-01-01T02:59:59.999Z',
    '2026-01-01T03:00:00.000Z',
    '2026-01-02T03:00:00.000Z',
  ],
  ['a time is not its own next', {}, '2026-01-01T03:00:00.000Z', '2026-01-02T03:00:00.000Z'],
  [
    'six fields begin with seconds',
    { expression: '*/20 * * * * *' },
    '2026-01-01T00:00:30.500Z',
    '2026-01-01T00:00:40.000Z',
    '2026-01-01T00:01:00.000Z',
  ],
  [
    'the time zone says when it is 3, in winter and in summer',
    { timeZone: 'Europe/Berlin' },
    '2026-03-28T00:00:00Z',
    '2026-03-28T02:00:00.000Z',
    '2026-03-29T01:00:00.000Z',
  ],
  [
    'a time that the clock leaves out comes an hour later',
    { expression: '30 2 * * *', timeZone: 'Europe/Berlin' },
    '2026-03-29T00:00:00Z',
    '2026-03-29T01:30:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ],
  [
    'a time that is there twice comes once',
    { expression: '30 2 * * *', timeZone: 'Europe/Berlin' },
    '2026-10-24T12:00:00Z',
    '2026-10-25T00:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
  ],
] as const) {
  test(what, (t) => {
    t.deepEqual(timesOf(change, from, expected.length), [...expected]);
  });
}

test('jitter delays every time of a probe by the same, below the limit, and two probes by different times', (t) => {
  const late = (name: string, day: number) => {
    const from = Date.UTC(2026, 0, day, 2);
    return (schedule({ jitterSeconds: 600, name }).next(from) ?? 0) - Date.UTC(2026, 0, day, 3);
  };
  for (const name of ['a', 'b', 'c']) {
    t.true(late(name, 1) > 0 && late(name, 1) < 600_000, `${late(name, 1)}`);
    t.is(late(name, 2), late(name, 1));
  }
  t.not(late('a', 1), late('b', 1));
});

test('a time within the jitter is still to come', (t) => {
  const { next } = schedule({ jitterSeconds: 600, name: 'a' });
  const due = next(Date.UTC(2026, 0, 1, 2)) ?? 0;
  t.is(next(due - 1), due, 'also when the hour has struck');
  t.is(next(due), due + 24 * 3_600_000);
});

for (const [since, now, expected] of [
  ['2026-01-01T02:00:00Z', '2026-01-01T02:59:59Z', false],
  ['2026-01-01T02:00:00Z', '2026-01-01T03:00:00Z', true],
  ['2026-01-01T03:00:00Z', '2026-01-02T02:00:00Z', false],
  ['2026-01-01T03:00:00Z', '2026-01-09T02:00:00Z', true],
] as const) {
  test(`between ${since} and ${now} a time has ${expected ? '' : 'not '}passed`, (t) => {
    t.is(schedule({}).hasPassed(Date.parse(since), Date.parse(now)), expected);
  });
}

test('the longest gap is that over a weekend, where a schedule has one', (t) => {
  const day = 24 * 3_600_000;
  t.is(schedule({}).longestGapMs(0), day);
  t.is(schedule({ expression: '0 3 * * 1-5' }).longestGapMs(0), 3 * day);
  t.is(schedule({ expression: '*/2 * * * * *' }).longestGapMs(0), 2000);
});

for (const expression of ['0 3 * * *', '*/2 * * * * *', '@daily', '0 0 L * *']) {
  test(`${expression} is a schedule`, (t) => {
    t.is(cronProblem(expression), undefined);
  });
}

for (const [expression, text] of [
  ['', /of 5 fields, or of 6/],
  ['0 3 * *', /of 5 fields, or of 6.*got 0 3 \* \*/],
  ['61 * * * *', /61/],
  ['* * * * * * 2030', /of 5 fields, or of 6/],
  ['0 0 30 2 *', /a time that comes/],
  ['2030-01-01T00:00:00', /of 5 fields, or of 6/],
] as const) {
  test(`"${expression}" is no schedule`, (t) => {
    t.regex(cronProblem(expression) ?? '', text);
  });
}

test('a time zone has a name that is known', (t) => {
  t.is(timeZoneProblem('Europe/Berlin'), undefined);
  t.is(timeZoneProblem('UTC'), undefined);
  t.regex(timeZoneProblem('Berlin') ?? '', /IANA name.*got Berlin/);
});
