// Expected numbers are those of scipy.ndimage.gaussian_filter.
import test from 'ava';
import { blurGaussian } from '../../../src/engine/datasets/blur-gaussian.js';

test('an image smaller than the kernel is mirrored again and again', (t) => {
  const values = new Float64Array(15);
  values[1 * 5 + 1] = 1;
  values[4] = -2;
  const expected = [
    -0.0532779619, -0.0583979061, -0.0666855759, -0.0749887975, -0.0801209684, -0.0532510442, -0.0583701896,
    -0.0666565642, -0.0749584886, -0.0800898581, -0.0532283766, -0.058346747, -0.0666318657, -0.074932532,
    -0.0800631243,
  ];
  for (const [i, value] of blurGaussian(values, 5, 3, 4).entries()) {
    t.true(Math.abs(value - (expected[i] as number)) < 1e-8, `${i}: ${value}`);
  }
});

test('a point spreads over 4 standard deviations and no further, and comes back from the edge', (t) => {
  const values = new Float64Array(40 * 50);
  values[20 * 50 + 10] = 1000;
  const blurred = blurGaussian(values, 50, 40, 4);
  for (const [y, x, value] of [
    [20, 10, 9.947887975],
    [20, 11, 9.641823638],
    [4, 10, 0.003337144642],
    [3, 10, 0],
    [20, 26, 0.003337144642],
    [20, 27, 0],
    [20, 0, 0.6638336515],
    [36, 0, 0.000222691381],
  ] as const) {
    t.true(Math.abs((blurred[y * 50 + x] as number) - value) < 1e-6 * Math.max(value, 1e-6), `${y}, ${x}`);
  }
});
