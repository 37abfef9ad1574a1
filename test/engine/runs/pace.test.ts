import test from 'ava';
import { Pace } from '../../../src/engine/runs/pace.js';
import type { CallKind, RunContext } from '../../../src/engine/runs/served-model.js';
import { clockwork } from '../../support/clock.js';
import { freely } from '../../support/street.js';

const nothing = { calls: 0, examples: 0, elements: 0 };

/** A run that knows how long a call of each kind takes. */
async function paced(durations: Partial<Record<CallKind, number>>, change: Partial<RunContext> = {}) {
  const clock = clockwork(durations, change);
  const pace = new Pace(clock.context, 0);
  for (const kind of Object.keys(durations) as CallKind[]) await pace.call(kind, async () => undefined);
  return { clock, pace };
}

test('before anything is measured, speed is guessed from the multiplications: three passes for a step', (t) => {
  const pace = new Pace(freely(), 4e9);
  t.is(pace.estimateMs('step'), 610);
  t.is(pace.estimateMs('verify'), 210);
  t.is(pace.estimateMs('predict'), 210);
  t.is(pace.estimateMs('compile'), 10_000);
});

test('a slow call counts at once, a fast one by a fifth', async (t) => {
  let duration = 100;
  const clock = clockwork({}, {});
  const pace = new Pace(clock.context, 0);
  const call = () =>
    pace.call('step', async () => {
      clock.elapsed += duration;
    });
  await call();
  t.is(pace.estimateMs('step'), 100);
  duration = 50;
  await call();
  t.is(pace.estimateMs('step'), 90);
  duration = 300;
  await call();
  t.is(pace.estimateMs('step'), 300);
  t.is(pace.estimateMs('verify'), 10, 'another kind is not touched');
});

test('a call goes through the gate with its kind, its estimate and the signal, and gives what it gives', async (t) => {
  const asked: unknown[] = [];
  const { signal } = new AbortController();
  const gate: RunContext['gate'] = {
    sharing: 1,
    run(kind, estimateMs, given, call) {
      asked.push([kind, estimateMs, given === signal]);
      return call();
    },
  };
  const pace = new Pace(freely({ signal, gate }), 2e7);
  t.is(await pace.call('verify', async () => 'outputs'), 'outputs');
  t.deepEqual(asked, [['verify', 11, true]]);
});

test('a call that fails does not count, and fails', async (t) => {
  const { pace, clock } = await paced({ step: 40 });
  const failing = pace.call('step', async () => {
    clock.elapsed += 1000;
    throw new Error('refused');
  });
  await t.throwsAsync(failing, { message: 'refused' });
  t.is(pace.estimateMs('step'), 40);
});

test('a run without a deadline never stops of itself', async (t) => {
  const { pace, clock } = await paced({ step: 1e6 });
  clock.elapsed = 1e12;
  t.is(pace.stopReason({ calls: 1e6, examples: 1e6, elements: 1e6 }), undefined);
});

test('a drain stops a run, whatever its deadline', async (t) => {
  const { pace } = await paced({}, { drain: AbortSignal.abort(), deadlineMs: 0 });
  t.is(pace.stopReason(nothing), 'drain');
});

/** The last moment at which another step still begins, and the next one. */
const stopsAfter = test.macro<
  [last: number, durations: Partial<Record<CallKind, number>>, left: typeof nothing, change: Partial<RunContext>]
>({
  title: (what, last) => `with ${what}, the last step begins at ${last} ms`,
  async exec(t, last, durations, left, change) {
    const { pace, clock } = await paced(durations, change);
    clock.elapsed = last;
    t.is(pace.stopReason(left), undefined);
    clock.elapsed = last + 1e-6;
    t.is(pace.stopReason(left), 'deadline');
  },
});
// 10 % are kept, 100 ms at least and 3 s at most.
test('a step of 50 ms and a deadline in 1 s', stopsAfter, 850, { step: 50 }, nothing, { deadlineMs: 1000 });
test('a step of 50 ms and a deadline in 200 ms', stopsAfter, 50, { step: 50 }, nothing, { deadlineMs: 200 });
test('a step of 50 ms and a deadline in 100 s', stopsAfter, 96_950, { step: 50 }, nothing, { deadlineMs: 1e5 });
test('a request that was on its way for 30 ms', stopsAfter, 730, { step: 50 }, nothing, {
  deadlineMs: 1000,
  transitMs: 30,
});
test('a step of 50 ms and a deadline in 10 s', stopsAfter, 8950, { step: 50 }, nothing, { deadlineMs: 10_000 });
test(
  'two calls of 20 ms to verify',
  stopsAfter,
  8910,
  { step: 50, verify: 20 },
  { calls: 2, examples: 0, elements: 0 },
  { deadlineMs: 10_000 },
);
test(
  'ten images of 200 000 elements to send, 0.3 s in all',
  stopsAfter,
  8650,
  { step: 50 },
  { calls: 0, examples: 10, elements: 200_000 },
  { deadlineMs: 10_000 },
);

test('runs that share the device make steps and verification longer', async (t) => {
  const clock = clockwork({});
  const gate: RunContext['gate'] = { ...clock.context.gate, sharing: 3 };
  const pace = new Pace({ ...clock.context, gate, deadlineMs: 10_000 }, 0);
  const during = (kind: CallKind, duration: number) =>
    pace.call(kind, async () => {
      clock.elapsed += duration;
    });
  await during('step', 50);
  await during('verify', 20);
  const left = { calls: 2, examples: 0, elements: 0 };
  clock.elapsed = 10_000 - 1000 - 3 * 50 - 3 * 2 * 20;
  t.is(pace.stopReason(left), undefined);
  clock.elapsed += 1;
  t.is(pace.stopReason(left), 'deadline');
});

test('judging an example counts two and a half times for each that is left: the slowest that was seen', async (t) => {
  const clock = clockwork({}, { deadlineMs: 10_000 });
  const pace = new Pace(clock.context, 0);
  await pace.call('step', async () => undefined);
  const score = (examples: number, duration: number) =>
    pace.scoring(examples, () => {
      clock.elapsed += duration;
      return duration;
    });
  t.is(score(4, 80), 80);
  score(4, 8);
  const left = { calls: 0, examples: 6, elements: 0 };
  clock.elapsed = 10_000 - 1000 - 2.5 * 20 * 6;
  t.is(pace.stopReason(left), undefined);
  clock.elapsed += 1;
  t.is(pace.stopReason(left), 'deadline');
});

test('time is told in seconds since the start of the pace', (t) => {
  const clock = clockwork({});
  clock.elapsed = 5000;
  const pace = new Pace(clock.context, 0);
  clock.elapsed = 7500;
  t.is(pace.elapsedSeconds, 2.5);
});
