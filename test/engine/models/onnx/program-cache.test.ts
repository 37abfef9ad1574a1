import test from 'ava';
import { ProgramCache } from '../../../../src/engine/models/onnx/program-cache.js';

/** A cache of 100 bytes, and what was disposed of, in order. */
function cacheOf() {
  const disposed: string[] = [];
  const cache = new ProgramCache<{ name: string; sizeBytes: number; dispose(): Promise<void> }>(100);
  const add = (name: string, sizeBytes: number): void =>
    cache.add(name, {
      name,
      sizeBytes,
      async dispose() {
        disposed.push(name);
      },
    });
  return { cache, add, disposed };
}

test('what was used longest ago goes first, and no more than must', async (t) => {
  const { cache, add, disposed } = cacheOf();
  add('a', 40);
  add('b', 40);
  cache.get('a');
  await cache.makeRoom(20);
  t.deepEqual(disposed, [], 'there is just enough room');
  await cache.makeRoom(21);
  t.deepEqual(disposed, ['b']);
  t.true(cache.has('a'));
  t.false(cache.has('b'));
  t.is(cache.get('b'), undefined);
});

test('asking whether something is there does not count as use', async (t) => {
  const { cache, add, disposed } = cacheOf();
  add('a', 50);
  add('b', 50);
  cache.has('a');
  await cache.makeRoom(50);
  t.deepEqual(disposed, ['a']);
});

test('what is larger than the budget leaves nothing else', async (t) => {
  const { cache, add, disposed } = cacheOf();
  add('a', 10);
  add('b', 10);
  await cache.makeRoom(1000);
  t.deepEqual(disposed, ['a', 'b']);
});

test('clearing disposes of everything once', async (t) => {
  const { cache, add, disposed } = cacheOf();
  add('a', 10);
  add('b', 10);
  await cache.clear();
  await cache.clear();
  t.deepEqual(disposed, ['a', 'b']);
});
