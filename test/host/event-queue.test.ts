import test from 'ava';
import { EventQueue } from '../../src/host/event-queue.js';

const progress = (step: number) => ({ type: 'progress', step });
const result = (key: string) => ({ type: 'result', key });

async function takeAll(queue: EventQueue): Promise<unknown[]> {
  const events: unknown[] = [];
  for (let next = await queue.take(); next !== undefined; next = await queue.take()) events.push(next.event);
  return events;
}

test('of progress that nobody has read the newest is kept, and every result', async (t) => {
  const queue = new EventQueue();
  for (let step = 1; step <= 1000; step++) queue.push(progress(step), 10);
  queue.push(result('a'), 10);
  queue.push(progress(1001), 10);
  queue.push(progress(1002), 10);
  queue.push(result('b'), 10);
  queue.end(undefined);
  t.is(queue.length, 4);
  t.deepEqual(await takeAll(queue), [progress(1000), result('a'), progress(1002), result('b')]);
});

test('what was replaced is told as taken, so that the sender may go on', async (t) => {
  const queue = new EventQueue();
  queue.push(progress(1), 10);
  queue.push(progress(2), 20);
  t.deepEqual(await queue.take(), { event: progress(2), sizeBytes: 30 });
});

test('a reader that waits is woken, by an event and by the end', async (t) => {
  const queue = new EventQueue();
  const first = queue.take();
  queue.push(result('a'), 1);
  t.deepEqual((await first)?.event, result('a'));
  const last = queue.take();
  queue.end(undefined);
  t.is(await last, undefined);
});

test('an error comes after the events before it, and nothing after it', async (t) => {
  const queue = new EventQueue();
  queue.push(result('a'), 1);
  queue.end(new Error('gone'));
  queue.push(result('b'), 1);
  t.deepEqual((await queue.take())?.event, result('a'));
  await t.throwsAsync(queue.take(), { message: 'gone' });
});
