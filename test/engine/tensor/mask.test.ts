import test from 'ava';
import { maskOf } from '../../../src/engine/tensor/mask.js';

test('a mask is 1 where the value and its index say so', (t) => {
  const data = Float32Array.of(5, 0, 5, Number.NaN);
  t.deepEqual(
    maskOf(data, (value, i) => value === 5 && i > 0),
    Uint8Array.of(0, 0, 1, 0),
  );
});
