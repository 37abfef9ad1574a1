import test from 'ava';
import { adam } from '../../../../src/lab/training/optimizers/adam.js';
import type { Optimizer } from '../../../../src/lab/training/optimizers/optimizer.js';
import { sgd } from '../../../../src/lab/training/optimizers/sgd.js';

/** Parameters after each of four updates with gradients that change. */
function pathOf(optimizer: Optimizer, momentum?: number): readonly (readonly number[])[] {
  const values = Float32Array.of(1, -2, 0.5);
  const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot, new Float32Array(3)]));
  return [1, 2, 3, 4].map((count) => {
    const gradient = Float32Array.of(0.1 * count, -0.3, count % 2 === 1 ? 0.2 : -0.2);
    optimizer.update({ values, gradient, slots, learningRate: 0.1, momentum, count });
    return [...values];
  });
}

// In float64, by another program, from the formulas of torch.optim.SGD and torch.optim.Adam.
const rows: readonly [name: string, optimizer: Optimizer, path: readonly (readonly number[])[]][] = [
  [
    'SGD with momentum and weight decay',
    sgd({ momentum: 0.9, weightDecay: 0.01 }),
    [
      [0.989, -1.968, 0.4795],
      [0.958111, -1.907232, 0.4805705],
      [0.899352789, -1.820633568, 0.461053379],
      [0.805571046, -1.710874346, 0.463026918],
    ],
  ],
  [
    'Adam with weight decay',
    adam({ betas: [0.8, 0.99], epsilon: 1e-3, weightDecay: 0.01 }),
    [
      [0.900900901, -1.900311526, 0.400485437],
      [0.802828145, -1.800640159, 0.409305701],
      [0.70375842, -1.700996858, 0.373221674],
      [0.602915362, -1.601392352, 0.382217086],
    ],
  ],
];

for (const [name, optimizer, path] of rows) {
  test(`${name} takes the steps of PyTorch's formula`, (t) => {
    for (const [step, values] of pathOf(optimizer).entries()) {
      for (const [i, value] of values.entries()) {
        const expected = path[step]?.[i] as number;
        t.true(Math.abs(value - expected) < 1e-6, `step ${step + 1}, parameter ${i}: ${value}, not ${expected}`);
      }
    }
  });
}

test('plain SGD goes against the gradient, and a momentum of the schedule replaces its own', (t) => {
  const plain = sgd({ momentum: 0, weightDecay: 0 });
  const [g, h] = [Math.fround(0.1), Math.fround(0.3)];
  t.deepEqual(pathOf(plain)[0]?.slice(0, 2), [...Float32Array.of(1 - 0.1 * g, -2 + 0.1 * h)]);
  t.deepEqual(pathOf(plain, 0.9), pathOf(sgd({ momentum: 0.9, weightDecay: 0 })));
});

test('the first step of Adam has the length of the learning rate, whatever the gradient', (t) => {
  for (const scale of [1e-3, 1, 1e3]) {
    const values = Float32Array.of(0);
    const gradient = Float32Array.of(scale);
    const optimizer = adam({ betas: [0.9, 0.999], epsilon: 1e-12, weightDecay: 0 });
    const slots = { mean: new Float32Array(1), square: new Float32Array(1) };
    optimizer.update({ values, gradient, slots, learningRate: 0.1, momentum: undefined, count: 1 });
    t.true(Math.abs((values[0] as number) + 0.1) < 1e-6, `${values[0]}`);
  }
});
