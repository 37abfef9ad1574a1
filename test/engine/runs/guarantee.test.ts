import test from 'ava';
import { EngineError } from '../../../src/engine/errors.js';
import { guaranteed, normsOf, roundedTowardClean } from '../../../src/engine/runs/guarantee.js';

const floats = (...values: number[]): Float32Array => Float32Array.from(values);

test('a result outside the ball or the range is projected, whatever the attack did', (t) => {
  t.deepEqual(guaranteed(floats(90, 300, 101.5), floats(100, 253, 100), 4, 'linf'), floats(96, 255, 101.5));
  t.deepEqual(guaranteed(floats(103, 104), floats(100, 100), 2.5, 'l2'), floats(101.5, 102));
});

test('a result that is not a number is refused', (t) => {
  const error = t.throws(() => guaranteed(floats(NaN, 1), floats(1, 1), 4, 'linf'), { instanceOf: EngineError });
  t.is(error.message, 'expected levels in [0, 255], got NaN');
});

test('rounding to 8 bits goes toward the clean image, but leaves whole changes alone', (t) => {
  const clean = floats(100, 100, 100, 100, 100, 255);
  const adversarial = floats(103.9, 96.1, 104, 95.99999, 100.4, 251.00002);
  t.deepEqual(roundedTowardClean(adversarial, clean), floats(103, 97, 104, 96, 100, 251));
});

test('norms are of the change, in levels', (t) => {
  t.deepEqual(normsOf(floats(103, 96, 7), floats(100, 100, 7)), { linf: 4, l2: 5 });
});
