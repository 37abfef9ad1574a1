import test from 'ava';
import {
  attackTable,
  checkAgreement,
  datasetMiou,
  figuresOf,
  predictedFigures,
} from '../../../src/cli/demo/figures.js';
import { planAttacks } from '../../../src/cli/demo/plan.js';
import { Combination, HoudiniPush, type MetricValue, type Prediction } from '../../../src/clients/index.js';
import { TaskOutcome } from '../../../src/contract/robustgate/v1/attack.js';

const metric = (value: number | undefined, count = 1, confusion: readonly number[] = []): MetricValue => ({
  name: 'm',
  value,
  unit: '',
  higherIsBetter: false,
  count: BigInt(count),
  sum: (value ?? 0) * count,
  confusion: confusion.map(BigInt),
});

test('mIoU is that of the summed confusion matrix, without classes that never occur (by hand)', (t) => {
  const first = metric(0, 4, [2, 1, 0, 0, 1, 0, 0, 0, 0]);
  const second = metric(0, 4, [1, 0, 0, 1, 2, 0, 0, 0, 0]);
  t.is(datasetMiou([first, second]), (3 / 5 + 3 / 5) / 2);
  t.is(datasetMiou([metric(0, 1, [0, 0, 0, 0, 0, 5, 0, 0, 0])]), 0);
});

const prediction = (metrics: Record<string, MetricValue | undefined>): Prediction => ({
  exampleKey: 'a',
  tasks: Object.entries(metrics).map(([task, value]) => ({
    task,
    metric: value,
    labels: undefined,
    values: undefined,
    raw: undefined,
  })),
});
const segmentation = metric(1, 1, [3, 0, 1, 4]);

test('errors over examples are weighted by what counts in each', (t) => {
  const figures = predictedFigures([
    prediction({ segmentation, depth: metric(1, 30), reconstruction: metric(2, 1) }),
    prediction({ segmentation, depth: metric(5, 10), reconstruction: metric(4, 1) }),
  ]);
  t.deepEqual(figures, { segmentation: (6 / 8 + 8 / 10) / 2, depth: 2, reconstruction: 3 });
});

test('a figure that nobody measured is an error, not a number', (t) => {
  const depth = metric(1);
  t.throws(() => predictedFigures([prediction({ segmentation, depth })]), {
    message: /reconstruction for a, got none/,
  });
  const unmeasured = prediction({ segmentation, depth: metric(undefined), reconstruction: depth });
  t.throws(() => predictedFigures([unmeasured]), { message: /metric of depth, got NaN/ });
  const outcomes = ['segmentation', 'depth'].map((task) => TaskOutcome.create({ task, adversarial: { value: 1 } }));
  const pick = ({ adversarial }: TaskOutcome) => adversarial;
  t.throws(() => figuresOf(outcomes, pick), { message: /metric of reconstruction from the gateway, got none/ });
  const infinite = [
    ...outcomes,
    TaskOutcome.create({ task: 'reconstruction', adversarial: { value: Number.POSITIVE_INFINITY } }),
  ];
  t.throws(() => figuresOf(infinite, pick), { message: /reconstruction, got Infinity/ });
});

test('a served model that says something else than the attack is an error', (t) => {
  const reported = { segmentation: 0.5, depth: 2, reconstruction: 0.1 };
  t.notThrows(() => checkAgreement({ segmentation: 0.5009, depth: 1.9981, reconstruction: 9 }, reported));
  t.throws(() => checkAgreement({ ...reported, segmentation: 0.4989 }, reported), {
    message: /segmentation of 0\.5 .* gives 0\.4989/,
  });
  t.throws(() => checkAgreement({ ...reported, depth: 2.0021 }, reported), { message: /depth of 2 .* gives 2\.0021/ });
  t.throws(() => checkAgreement({ ...reported, depth: Number.NaN }, reported), { message: /gives NaN/ });
});

const tasks = [
  { name: 'segmentation', loss: 'cross-entropy' },
  { name: 'depth', loss: 'l1' },
  { name: 'reconstruction', loss: 'mse' },
];

test('the plan attacks one task, two and three with FGSM, PGD and MIM, and with both pushes of Houdini', (t) => {
  const plan = planAttacks(tasks, { epsilon: 4, steps: 10 });
  t.is(plan.length, 3 * 6 + 3);
  t.is(new Set(plan.map(({ name, objectiveName }) => `${name} ${objectiveName}`)).size, plan.length);
  t.true(plan.every(({ parameters }) => parameters.epsilon === 4));
  t.deepEqual(
    plan.filter(({ steps }) => steps === 1).map(({ name }) => name),
    Array(6).fill('fgsm'),
  );
  t.is(plan.filter(({ isPictured }) => isPictured).length, 1);
  const balanced = plan.find(({ name, objectiveName }) => name === 'mim-10' && objectiveName === 'all three, balanced');
  t.is(balanced?.objective.combination, Combination.BALANCED);
  const houdini = plan.slice(-3);
  t.deepEqual(
    houdini.map(({ parameters }) => parameters.houdiniPush),
    [HoudiniPush.ANALYTIC, HoudiniPush.ONE_SIDED, HoudiniPush.ONE_SIDED],
  );
  t.deepEqual(
    houdini.at(-1)?.objective.tasks?.map(({ loss }) => loss),
    [undefined, 'l1', 'mse'],
  );
});

test('the table stars the metrics of attacked tasks', (t) => {
  const [planned] = planAttacks(tasks, { epsilon: 4, steps: 10 });
  if (planned === undefined) throw new Error('expected a plan');
  const clean = { segmentation: 0.8, depth: 0.3, reconstruction: 0.15 };
  const table = attackTable(clean, [{ planned, figures: { segmentation: 0.5, depth: 0.4, reconstruction: 0.16 } }]);
  t.regex(table, /^none +0\.8000 +0\.3000 +0\.1500$/m);
  t.regex(table, /^fgsm +segmentation +0\.5000\* +0\.4000 +0\.1600$/m);
});
