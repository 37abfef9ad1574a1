import type { Tensor4D } from '@tensorflow/tfjs-core';
import test from 'ava';
import type { Tensor, Tf } from '../../../../src/engine/models/tfjs/runtime.js';
import { type Shape, sizeOf } from '../../../../src/engine/tensor/shape.js';
import { randomFloat64 } from '../../../support/tensors.js';
import { BUNDLED, gradientOf, onBackend, valuesOf } from '../../../support/tfjs.js';

const random = (...shape: Shape): { values: number[]; shape: number[] } => ({
  values: [...Float32Array.from(randomFloat64(shape, `${shape}`).data)],
  shape: [...shape],
});

/** A linear function's derivative, by what it makes of each unit vector. */
const linear = test.macro<[shape: Shape, f: (tf: Tf, x: Tensor4D) => Tensor]>({
  title: (name) => `the gradient of ${name} is right on every backend`,
  async exec(t, shape, f) {
    for (const backend of BUNDLED) {
      const runtime = await onBackend(backend);
      const { tf } = runtime;
      const run = (values: ArrayLike<number>): number[] =>
        valuesOf(
          tf.tidy(() => {
            const x: Tensor = tf.tensor(Float32Array.from(values), [...shape]);
            return f(tf, x as Tensor4D);
          }),
        );
      const actual = gradientOf(runtime, (x) => f(tf, x as Tensor4D), random(...shape).values, shape);
      const size = sizeOf(shape);
      for (let i = 0; i < size; i++) {
        const weighted = run(Float32Array.from({ length: size }, (_, j) => Number(i === j)));
        const expected = weighted.reduce((sum, value, j) => sum + value * (1 + ((7 * j) % 5)), 0);
        const difference = Math.abs((actual[i] ?? Number.NaN) - expected);
        t.true(difference < 1e-4, `element ${i} on ${backend}: expected ${expected}, got ${actual[i]}`);
      }
    }
  },
});

const filter = (tf: Tf, ...shape: [number, number, number, number]): Tensor4D =>
  tf.tensor(random(...shape).values, shape) as Tensor4D;

test.serial('a convolution', linear, [2, 5, 6, 2], (tf, x) => tf.conv2d(x, filter(tf, 3, 2, 2, 3), 1, 'same'));
test.serial('a convolution with strides', linear, [1, 7, 6, 2], (tf, x) =>
  tf.conv2d(x, filter(tf, 3, 3, 2, 2), [2, 3], 'same'),
);
test.serial('a convolution that leaves a rest', linear, [1, 6, 8, 1], (tf, x) =>
  tf.conv2d(x, filter(tf, 3, 2, 1, 2), 3, 'valid'),
);
test.serial('a convolution with a kernel smaller than its stride', linear, [1, 5, 5, 2], (tf, x) =>
  tf.conv2d(x, filter(tf, 1, 1, 2, 2), 2, 'valid'),
);
test.serial('a dilated convolution', linear, [1, 7, 6, 2], (tf, x) =>
  tf.conv2d(x, filter(tf, 3, 3, 2, 2), 1, 'same', 'NHWC', [2, 3]),
);
test.serial('a dilated convolution without padding', linear, [2, 7, 7, 1], (tf, x) =>
  tf.conv2d(x, filter(tf, 3, 2, 1, 2), 1, 'valid', 'NHWC', 2),
);
test.serial('a transposed convolution', linear, [1, 3, 4, 2], (tf, x) =>
  tf.conv2dTranspose(x, filter(tf, 3, 3, 2, 2), [1, 6, 8, 2], 2, 'same'),
);
test.serial('a depthwise convolution', linear, [1, 5, 6, 3], (tf, x) =>
  tf.depthwiseConv2d(x, filter(tf, 3, 3, 3, 1), 1, 'same'),
);
test.serial('a depthwise convolution with strides and two filters per channel', linear, [2, 6, 5, 2], (tf, x) =>
  tf.depthwiseConv2d(x, filter(tf, 3, 3, 2, 2), 2, 'same'),
);
test.serial('a dilated depthwise convolution', linear, [1, 7, 7, 2], (tf, x) =>
  tf.depthwiseConv2d(x, filter(tf, 3, 3, 2, 2), 1, 'same', 'NHWC', 2),
);
for (const [name, alignCorners, halfPixelCenters] of [
  ['corners', false, false],
  ['half-pixel centres', false, true],
  ['aligned corners', true, false],
] as const) {
  test.serial(`bilinear enlarging with ${name}`, linear, [2, 3, 4, 2], (tf, x) =>
    tf.image.resizeBilinear(x, [7, 6], alignCorners, halfPixelCenters),
  );
  test.serial(`bilinear shrinking with ${name}`, linear, [1, 6, 5, 2], (tf, x) =>
    tf.image.resizeBilinear(x, [4, 3], alignCorners, halfPixelCenters),
  );
}

test.serial('a dilated filter that depends on pixels has a gradient', async (t) => {
  const x = random(1, 6, 6, 2);
  for (const backend of BUNDLED) {
    const runtime = await onBackend(backend);
    const { tf } = runtime;
    const conv = (w: Tensor): Tensor =>
      tf.conv2d(tf.tensor4d(x.values, [1, 6, 6, 2]), w as Tensor4D, 1, 'same', 'NHWC', 2);
    const actual = gradientOf(runtime, conv, random(3, 3, 2, 2).values, [3, 3, 2, 2]);
    for (const [i, value] of actual.entries()) {
      const unit = tf.tensor4d(
        actual.map((_, j) => Number(i === j)),
        [3, 3, 2, 2],
      );
      const expected = valuesOf(tf.tidy(() => conv(unit))).reduce((sum, y, j) => sum + y * (1 + ((7 * j) % 5)), 0);
      unit.dispose();
      t.true(Math.abs(value - expected) < 1e-4, `element ${i}: expected ${expected}, got ${value}`);
    }
  }
});

/** The gradient of a function at one point, on every backend. */
const at = test.macro<
  [x: readonly number[], shape: Shape, f: (tf: Tf, x: Tensor) => Tensor, expected: readonly number[]]
>({
  title: (name) => name ?? '',
  async exec(t, x, shape, f, expected) {
    for (const backend of BUNDLED) {
      const runtime = await onBackend(backend);
      t.deepEqual(
        gradientOf(runtime, (input) => f(runtime.tf, input), x, shape),
        [...expected],
        backend,
      );
    }
  },
});

// Windows of 2×2, the cotangents 1, 3, 5, 2.
test.serial(
  'of equal elements under a window of a max pool the first takes the gradient',
  at,
  [5, 5, 1, 2, 0, 5, 2, 2, 1, 1, 3, 3, 1, 1, 3, 3],
  [1, 4, 4, 1],
  (tf, x) => tf.maxPool(x as Tensor4D, 2, 2, 'valid'),
  [1, 0, 0, 3, 0, 0, 0, 0, 5, 0, 2, 0, 0, 0, 0, 0],
);
test.serial(
  'overlapping windows of a max pool add up',
  at,
  [0, 9, 0, 0, 0, 0, 0, 0, 0],
  [1, 3, 3, 1],
  (tf, x) => tf.maxPool(x as Tensor4D, 2, 1, 'same'),
  // Cotangents by row: 1 3 5, 2 4 1, 3 5 2; the windows at the end of a row see fewer elements.
  [0, 4, 5, 2, 4, 1, 3, 5, 2],
);
test.serial(
  'equal maxima share the gradient',
  at,
  [1, 3, 3, 2, 0, 1],
  [2, 3],
  (tf, x) => tf.max(x, 1),
  [0, 0.5, 0.5, 3, 0, 0],
);
test.serial(
  'equal minima share the gradient',
  at,
  [1, 1, 3, 2, 0, 1],
  [2, 3],
  (tf, x) => tf.min(x, 1),
  [0.5, 0.5, 0, 0, 3, 0],
);
test.serial('|x| has no slope at 0', at, [0, -2, 3], [3], (tf, x) => tf.abs(x), [0, -3, 5]);
test.serial(
  'of two equal arguments of a maximum the first takes the gradient',
  at,
  [1, 2],
  [2],
  (tf, x) => tf.maximum(x, tf.tensor1d([1, 3])),
  [1, 0],
);
test.serial(
  'what is not selected may have an infinite derivative',
  at,
  [0, 4],
  [2],
  (tf, x) => tf.where(tf.greater(x, 1), tf.sqrt(tf.where(tf.greater(x, 1), x, tf.onesLike(x))), x),
  [1, 0.75],
);
test.serial(
  'a comparison passes no gradient on',
  at,
  [0, 4],
  [2],
  (tf, x) => tf.mul(tf.cast(tf.less(x, 1), 'float32'), x),
  [1, 0],
);
test.serial('rounding passes no gradient on', at, [0.4, 4], [2], (tf, x) => tf.add(tf.round(x), x), [1, 3]);

test.serial('NaN does not pass the pools and bounds of WebAssembly, which JavaScript lets through', async (t) => {
  const seen = async (backend: 'wasm' | 'cpu'): Promise<number[]> => {
    const { tf } = await onBackend(backend);
    return [
      ...valuesOf(tf.maxPool(tf.tensor4d([Number.NaN, 1, 2, 3], [1, 2, 2, 1]), 2, 2, 'valid')),
      ...valuesOf(tf.maximum(tf.tensor1d([1]), tf.tensor1d([Number.NaN]))),
      ...valuesOf(tf.relu6(tf.tensor1d([Number.NaN]))),
    ];
  };
  t.deepEqual(await seen('wasm'), [Number.NEGATIVE_INFINITY, 1, 0]);
  t.deepEqual(await seen('cpu'), [3, Number.NaN, Number.NaN]);
});
