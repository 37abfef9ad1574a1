import test from 'ava';
import { neverSilent, SILENCE } from '../../../src/server/services/never-silent.js';
import { gate } from '../../support/gate.js';

test('a generator that says nothing is heard of, and every event comes once and in order', async (t) => {
  const silent = gate();
  async function* events(): AsyncGenerator<string, void, void> {
    yield 'a';
    await silent.opened;
    yield 'b';
  }
  const heard: unknown[] = [];
  for await (const event of neverSilent(events(), 1)) {
    heard.push(event);
    if (heard.length === 3) silent.open();
  }
  t.deepEqual(heard.slice(0, 3), ['a', SILENCE, SILENCE]);
  t.deepEqual(
    heard.filter((event) => event !== SILENCE),
    ['a', 'b'],
  );
});

test('a generator that speaks is not interrupted', async (t) => {
  async function* events(): AsyncGenerator<number, void, void> {
    for (let i = 0; i < 100; i++) yield i;
  }
  const heard = [];
  for await (const event of neverSilent(events(), 60_000)) heard.push(event);
  t.is(heard.length, 100);
  t.false(heard.includes(SILENCE));
});

test('what a generator throws comes through, and one that is left is ended', async (t) => {
  let isEnded = false;
  async function* events(): AsyncGenerator<number, void, void> {
    try {
      yield 1;
      throw new Error('no more');
    } finally {
      isEnded = true;
    }
  }
  await t.throwsAsync(
    async () => {
      for await (const _ of neverSilent(events(), 60_000));
    },
    { message: 'no more' },
  );
  isEnded = false;
  for await (const _ of neverSilent(events(), 60_000)) break;
  t.true(isEnded);
});
