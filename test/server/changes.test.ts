import { getEventListeners } from 'node:events';
import test from 'ava';
import { Changes } from '../../src/server/changes.js';

test('everybody who waits is woken by the next change, and by no earlier one', async (t) => {
  const changes = new Changes();
  changes.tell();
  let woken = 0;
  const waiting = [1, 2].map(() => changes.next().then(() => woken++));
  await Promise.resolve();
  t.is(woken, 0);
  changes.tell();
  await Promise.all(waiting);
  t.is(woken, 2);
});

test('a signal ends the waiting, also one that was aborted before, and nothing of it is left behind', async (t) => {
  const changes = new Changes();
  const controller = new AbortController();
  const waiting = changes.next(controller.signal);
  t.is(getEventListeners(controller.signal, 'abort').length, 1);
  controller.abort();
  await waiting;
  await changes.next(controller.signal);
  t.is(getEventListeners(controller.signal, 'abort').length, 0);
});

test('a change takes the signal of those whom it woke off', async (t) => {
  const changes = new Changes();
  const { signal } = new AbortController();
  const waiting = changes.next(signal);
  changes.tell();
  await waiting;
  t.is(getEventListeners(signal, 'abort').length, 0);
});
