import test from 'ava';
import { scheduleOf } from '../../../../src/lab/training/schedules/index.js';
import { trainingConfigSchema } from '../../../../src/lab/training/training-config.js';

const scheduleFor = (schedule: object) => {
  const config = trainingConfigSchema.parse({
    model: { folder: 'm' },
    dataset: { kind: 'manifest', root: 'd' },
    batchSize: 1,
    optimizer: { kind: 'sgd', learningRate: 0.1 },
    schedule,
  });
  return scheduleOf(config.schedule, config.optimizer);
};

/** Rates of ten steps, two of them to an epoch. */
const ratesOf = (schedule: object) =>
  Array.from({ length: 10 }, (_, step) => scheduleFor(schedule)({ step, epoch: Math.floor(step / 2), total: 10 }));

const rows: readonly [name: string, schedule: object, rates: readonly number[]][] = [
  ['constant', { kind: 'constant' }, Array(10).fill(0.1)],
  [
    'step by epochs',
    { kind: 'step', every: 2, gamma: 0.5 },
    [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025],
  ],
  [
    'step by steps',
    { kind: 'step', every: 4, gamma: 0.5, unit: 'step' },
    [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025],
  ],
  [
    'multi-step',
    { kind: 'multi-step', milestones: [1, 4], gamma: 0.1 },
    [0.1, 0.1, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.001, 0.001],
  ],
  // Linear: a tenth less each time.
  ['poly', { kind: 'poly', power: 1 }, [0.1, 0.09, 0.08, 0.07, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01]],
];

for (const [name, schedule, rates] of rows) {
  test(`${name} gives the rates of its formula`, (t) => {
    for (const [i, { learningRate, momentum }] of ratesOf(schedule).entries()) {
      t.true(Math.abs(learningRate - (rates[i] as number)) < 1e-15, `step ${i}: ${learningRate}`);
      t.is(momentum, undefined);
    }
  });
}

// What torch.optim.lr_scheduler.OneCycleLR documents for max_lr=.08, total_steps=10: rate and momentum of each step.
const ONE_CYCLE = [
  [0.0032, 0.95],
  [0.0416, 0.9],
  [0.08, 0.85],
  [0.07603877056108, 0.85495155660488],
  [0.06493965231598, 0.86882550990706],
  [0.0489009617549, 0.88887395330218],
  [0.0310993582451, 0.91112604669782],
  [0.01506066768402, 0.93117449009294],
  [0.00396154943892, 0.94504844339512],
  [3.2e-7, 0.95],
];
// The same with anneal_strategy='linear', pct_start=.5, base_momentum=.8, max_momentum=.9, div_factor=10, final_div_factor=100.
const LINEAR = [
  [0.008, 0.9],
  [0.026, 0.875],
  [0.044, 0.85],
  [0.062, 0.825],
  [0.08, 0.8],
  [0.064016, 0.82],
  [0.048032, 0.84],
  [0.032048, 0.86],
  [0.016064, 0.88],
  [8e-5, 0.9],
];

const cycles: readonly [name: string, schedule: object, expected: readonly (readonly number[])[]][] = [
  ['one-cycle', { kind: 'one-cycle', maxLearningRate: 0.08 }, ONE_CYCLE],
  [
    'one-cycle along lines',
    {
      kind: 'one-cycle',
      maxLearningRate: 0.08,
      anneal: 'linear',
      rise: 0.5,
      momentum: [0.8, 0.9],
      divFactor: 10,
      finalDivFactor: 100,
    },
    LINEAR,
  ],
];

for (const [name, schedule, expected] of cycles) {
  test(`${name} gives the rates and momenta of PyTorch's OneCycleLR`, (t) => {
    for (const [i, { learningRate, momentum = 0 }] of ratesOf(schedule).entries()) {
      const [rate, cycled] = expected[i] as readonly [number, number];
      t.true(Math.abs(learningRate - rate) < 1e-12, `step ${i}: ${learningRate}, not ${rate}`);
      t.true(Math.abs(momentum - cycled) < 1e-12, `step ${i}: ${momentum}, not ${cycled}`);
    }
  });
}

test('a cycle of momentum can be left out, and its largest rate is by default that of the optimizer', (t) => {
  const rates = ratesOf({ kind: 'one-cycle', momentum: false });
  t.true(rates.every(({ momentum }) => momentum === undefined));
  t.is(rates[2]?.learningRate, 0.1);
});
