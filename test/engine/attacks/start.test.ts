import test from 'ava';
import type { AttackInput, RandomStart } from '../../../src/engine/attacks/attack.js';
import { startOf } from '../../../src/engine/attacks/start.js';
import { EngineError } from '../../../src/engine/errors.js';
import { attackInput } from '../../support/run-attack.js';
import { scripted } from '../../support/sources.js';
import { batch, rowsOf } from '../../support/tensors.js';

const inputWith = (randomStart: RandomStart, change: Partial<AttackInput> = {}): AttackInput => ({
  ...attackInput({ source: scripted(), clean: batch([50, 100, 150]), keys: ['a'], parameters: { randomStart } }),
  ...change,
});
const uniform = inputWith('uniform');
const l2 = (clean: AttackInput['clean']): AttackInput => ({
  ...uniform,
  clean,
  parameters: { ...uniform.parameters, norm: 'l2' },
});

test('the same seed, key and restart give the same start', (t) => {
  t.deepEqual(startOf({ ...uniform }), startOf(uniform));
});

test('another seed, key or restart gives another start', (t) => {
  for (const change of [{ seed: 2 }, { keys: ['b'] }, { restart: 1 }]) {
    t.notDeepEqual(startOf({ ...uniform, ...change }), startOf(uniform));
  }
});

test('the start of an example depends neither on its neighbours nor on its place among them', (t) => {
  const [alone] = rowsOf(startOf(uniform));
  const clean = batch([1, 2, 3], [50, 100, 150], [4, 5, 6]);
  t.deepEqual(rowsOf(startOf({ ...uniform, clean, keys: ['c', 'a', 'b'] }))[1], alone);
});

test('starts fill the L∞ ball evenly, and nothing beyond it or beyond the range', (t) => {
  const inside = startOf({ ...uniform, clean: batch(new Array<number>(20_000).fill(100)) }).data;
  for (let level = 96; level < 104; level++) {
    const count = inside.filter((x) => Math.floor(x) === level).length;
    t.true(Math.abs(count - 2500) < 250, `expected about 2500 pixels in [${level}, ${level + 1}), got ${count}`);
  }
  const atEdge = startOf({ ...uniform, clean: batch(new Array<number>(1000).fill(255)) }).data;
  t.true(atEdge.every((x) => x >= 251 && x <= 255));
});

test('starts fill the L2 ball evenly: in two dimensions, half of them are within ε/√2', (t) => {
  const keys = Array.from({ length: 4000 }, (_, i) => `${i}`);
  const clean = batch(...keys.map(() => [100, 100]));
  const lengths = rowsOf(startOf({ ...l2(clean), keys })).map(([x = NaN, y = NaN]) => Math.hypot(x - 100, y - 100));
  t.true(lengths.every((length) => length <= 4 + 1e-4));
  const inner = lengths.filter((length) => length <= 4 / Math.SQRT2).length;
  t.true(Math.abs(inner - 2000) < 130, `expected about 2000 starts, got ${inner}`);
});

test('none starts at the clean pixels, upper-corner at + ε on every pixel, both inside the range', (t) => {
  t.deepEqual(rowsOf(startOf(inputWith('none'))), [[50, 100, 150]]);
  t.deepEqual(rowsOf(startOf(inputWith('upper-corner', { clean: batch([50, 253, 255]) }))), [[54, 255, 255]]);
});

test('an example without a key is refused', (t) => {
  const error = t.throws(() => startOf({ ...uniform, keys: [] }), { instanceOf: EngineError });
  t.is(error.message, 'expected a key for example 0, got 0 keys');
});
