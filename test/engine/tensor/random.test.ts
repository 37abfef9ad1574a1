import test from 'ava';
import { keyedRandom, xoshiro128 } from '../../../src/engine/tensor/random.js';

const draw = <Value>(count: number, next: () => Value): Value[] => Array.from({ length: count }, next);

test('xoshiro128** gives the sequence of the reference implementation', (t) => {
  t.deepEqual(draw(6, xoshiro128([1, 2, 3, 4])), [11520, 0, 5927040, 70819200, 2031721883, 1637235492]);
});

test('draws are uniform in [0, 1) and exact in float32', (t) => {
  const draws = draw(100_000, keyedRandom('start', 1, 'a', 0));
  t.true(draws.every((value) => value >= 0 && value < 1 && Math.fround(value) === value));
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = draws.filter((value) => Math.floor(10 * value) === tenth).length;
    t.true(Math.abs(count - 10_000) < 500, `expected about 10000 draws, got ${count}`);
  }
});

test('the same seed, key and restart give the same draws', (t) => {
  t.deepEqual(draw(4, keyedRandom('start', 7, 'a', 1)), draw(4, keyedRandom('start', 7, 'a', 1)));
});

test('another purpose, seed, key or restart gives other draws', (t) => {
  const firsts = [
    keyedRandom('start', 7, 'a', 1),
    keyedRandom('sweep', 7, 'a', 1),
    keyedRandom('start', 8, 'a', 1),
    keyedRandom('start', 7, 'b', 1),
    keyedRandom('start', 7, 'a', 2),
  ];
  t.is(new Set(firsts.map((next) => next())).size, 5);
});

test('a key gives the same draws in every release (computed apart, from the definition)', (t) => {
  t.deepEqual(draw(2, keyedRandom('start', 7, 'street_000000', 0)), [514357 / 2 ** 24, 9321657 / 2 ** 24]);
});
