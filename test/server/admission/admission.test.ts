import test from 'ava';
import type { EngineError } from '../../../src/engine/index.js';
import { Admission } from '../../../src/server/admission/admission.js';

test('as many run as may, others wait in order', (t) => {
  const admission = new Admission(2, 3);
  const tickets = Array.from({ length: 5 }, () => admission.enter());
  t.deepEqual(
    tickets.map(({ position }) => position),
    [0, 0, 1, 2, 3],
  );
  t.deepEqual([admission.running, admission.waiting], [2, 3]);
});

test('one more than may run and wait is refused, with a time to retry', (t) => {
  const admission = new Admission(1, 1);
  const tickets = [admission.enter(), admission.enter()];
  const error = t.throws<EngineError>(() => admission.enter());
  t.is(error.code, 'QUEUE_FULL');
  t.true((error.details.retryAfterMs ?? 0) > 0);
  tickets[1]?.leave();
  t.is(admission.enter().position, 1);
});

test('a place that is left goes to the first who waits, and each behind moves up', async (t) => {
  const admission = new Admission(1, 3);
  const [first, ...waiting] = Array.from({ length: 4 }, () => admission.enter());
  const moved = Promise.all(waiting.map((ticket) => ticket.moved()));
  first?.leave();
  await moved;
  t.deepEqual(
    waiting.map(({ position }) => position),
    [0, 1, 2],
  );
});

test('one who leaves the queue moves up only those behind', async (t) => {
  const admission = new Admission(1, 3);
  const [, a, b, c] = Array.from({ length: 4 }, () => admission.enter());
  let hasMoved = false;
  void a?.moved().then(() => {
    hasMoved = true;
  });
  const behind = c?.moved();
  b?.leave();
  await behind;
  t.deepEqual([a?.position, c?.position, hasMoved], [1, 2, false]);
});

test('leaving twice gives one place back', (t) => {
  const admission = new Admission(1, 2);
  const [first, second, third] = Array.from({ length: 3 }, () => admission.enter());
  first?.leave();
  first?.leave();
  t.deepEqual([second?.position, third?.position, admission.running, admission.waiting], [0, 1, 1, 1]);
});

test('principals take turns: the hundred calls of one do not keep the first of another waiting', (t) => {
  const admission = new Admission(1, 10);
  const busy = ['a', 'a', 'a', 'a'].map((name) => admission.enter(name));
  const other = admission.enter('b');
  t.deepEqual([other.position, ...busy.map(({ position }) => position)], [1, 0, 2, 3, 4]);
  busy[0]?.leave();
  t.is(other.position, 0);
  const second = admission.enter('b');
  t.deepEqual(
    [busy[1], busy[2], second].map((ticket) => ticket?.position),
    [1, 3, 2],
    'b runs already, so a is next, and then they alternate',
  );
});
