import test from 'ava';
import { type Priority, StepScheduler } from '../../../src/host/child/step-scheduler.js';

const never = (): AbortSignal => new AbortController().signal;
const run = (runId: string, priority: Priority = 'attack') => ({ runId, priority, model: 'm@1' });

/** A scheduler whose calls are written down. */
function recorded(probeShare?: number) {
  const order: string[] = [];
  const scheduler = new StepScheduler({ begin: ({ runId }) => order.push(runId), end: () => undefined }, probeShare);
  /** A run of so many steps. */
  async function start(runId: string, steps: number, priority?: Priority): Promise<void> {
    const gate = scheduler.enter(run(runId, priority));
    for (let step = 0; step < steps; step++) await gate.run('step', 1, never(), async () => undefined);
    gate.leave();
  }
  return { order, scheduler, start };
}

test('attacks take turns, a step each', async (t) => {
  const { order, start } = recorded();
  await Promise.all([start('a', 3), start('b', 3), start('c', 2)]);
  t.deepEqual(order, ['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b']);
});

test('a prediction goes before the next step, whoever came first', async (t) => {
  const { order, scheduler, start } = recorded();
  const attacks = Promise.all([start('a', 3), start('b', 3)]);
  const gate = scheduler.enter(run('p', 'predict'));
  await Promise.all([attacks, gate.run('predict', 1, never(), async () => undefined)]);
  t.is(order.indexOf('p'), 1);
});

test('probes wait for attacks, but get every tenth step', async (t) => {
  const { order, start } = recorded();
  await Promise.all([start('a', 20), start('b', 20), start('probe', 5, 'probe')]);
  const positions = order.flatMap((runId, i) => (runId === 'probe' ? [i] : []));
  t.deepEqual(positions, [9, 19, 29, 39, 44]);
});

for (const [share, expected] of [
  [0.5, 'apapapapaaaa'],
  [0.4, 'apapapapaaaa'], // every third step would be less than was promised
  [1 / 3, 'aapaapaapaap'],
  [0.2, 'aaaapaaaappp'],
] as const) {
  test(`probes get at least a share of ${share}`, async (t) => {
    const { order, start } = recorded(share);
    await Promise.all([start('a', 8), start('p', 4, 'probe')]);
    t.is(order.join(''), expected);
  });
}

test('one call is made at a time', async (t) => {
  const scheduler = new StepScheduler({ begin: () => undefined, end: () => undefined });
  let [current, most] = [0, 0];
  const call = async (): Promise<void> => {
    most = Math.max(most, ++current);
    await new Promise(setImmediate);
    current--;
  };
  await Promise.all(['a', 'b', 'c'].map((id) => scheduler.enter(run(id)).run('step', 1, never(), call)));
  t.is(most, 1);
});

test('a call whose run is cancelled while it waits is never made', async (t) => {
  const { order, scheduler, start } = recorded();
  const controller = new AbortController();
  const busy = start('a', 3);
  const waiting = scheduler.enter(run('b')).run('step', 1, controller.signal, async () => undefined);
  controller.abort();
  await t.throwsAsync(waiting, { any: true, name: 'AbortError' });
  await busy;
  t.false(order.includes('b'));
});

test('a call that fails fails its run alone', async (t) => {
  const { scheduler, start } = recorded();
  const failing = scheduler.enter(run('x')).run('step', 1, never(), () => Promise.reject(new Error('no')));
  await t.throwsAsync(failing, { message: 'no' });
  await t.notThrowsAsync(start('a', 2));
});

test('every call is announced before it is made, and ended after', async (t) => {
  const events: string[] = [];
  const scheduler = new StepScheduler({
    begin: ({ model }, kind, estimateMs) => events.push(`begin ${kind} ${estimateMs} ${model}`),
    end: (_, kind) => events.push(`end ${kind}`),
  });
  await scheduler.enter(run('a')).run('compile', 70, never(), async () => {
    events.push('call');
  });
  await new Promise(setImmediate);
  t.deepEqual(events, ['begin compile 70 m@1', 'call', 'end compile']);
});

test('runs know how many share the device', (t) => {
  const scheduler = new StepScheduler({ begin: () => undefined, end: () => undefined });
  const first = scheduler.enter(run('a'));
  const second = scheduler.enter(run('b'));
  scheduler.enter(run('p', 'predict'));
  t.is(first.sharing, 2);
  second.leave();
  t.is(first.sharing, 1);
});
