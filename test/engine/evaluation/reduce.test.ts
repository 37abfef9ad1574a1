import test from 'ava';
import type { FigureTask } from '../../../src/engine/evaluation/figures.js';
import { exampleSums, reduceEvaluation } from '../../../src/engine/evaluation/reduce.js';
import type { AttackFigures } from '../../../src/engine/evaluation/result.js';
import type { EvaluationRow } from '../../../src/engine/evaluation/row.js';
import { evaluationRow, identityOf, one, rowTask } from '../../support/evaluation-rows.js';

const classification: FigureTask = {
  name: 'class',
  kind: 'classification',
  labelForm: 'class',
  metric: 'accuracy',
  unit: '',
  classes: [],
};
const segmentation: FigureTask = {
  name: 'map',
  kind: 'semantic-segmentation',
  labelForm: 'class-map',
  metric: 'miou',
  unit: '',
  classes: ['road', 'car', 'sky'],
};
const depth: FigureTask = {
  name: 'depth',
  kind: 'depth',
  labelForm: 'numbers',
  metric: 'absolute-error',
  unit: 'm',
  classes: [],
};

const suite = ['pgd(steps=10,eps=4)@sum(class=1)'];

function reduceOne(tasks: readonly FigureTask[], rows: readonly EvaluationRow[]): AttackFigures {
  const [figures] = reduceEvaluation(identityOf(suite), { tasks }, rows, { doubts: new Map() });
  if (figures === undefined) throw new Error('expected the figures of one attack');
  return figures;
}

test('accuracy has the interval of Wilson, and broken examples are counted', (t) => {
  const rows = [1, 1, 1, 0].map((right, i) =>
    evaluationRow(0, i, [
      rowTask('class', one(1), one(right), {
        broken: right === 0,
        cleanBroken: false,
        cleanLoss: 1,
        adversarialLoss: i,
      }),
    ]),
  );
  const figures = reduceOne([classification], rows);
  const [task] = figures.tasks;
  t.like(task, { examples: 4, broken: 1, cleanBroken: 0, cleanLoss: 1, adversarialLoss: 1.5, unit: '' });
  t.is(task?.adversarial.value, 0.75);
  t.deepEqual([task?.adversarial.lower?.toFixed(4), task?.adversarial.upper?.toFixed(4)], ['0.3006', '0.9544']);
  t.is(task?.clean.upper, 1);
  t.like(figures, { attack: 'pgd', objective: 'sum(class=1)', epsilon: 4, examples: 4, broken: 1, verdict: 'ok' });
  t.deepEqual(figures.worst, ['key-3', 'key-2']);
});

test('mIoU is that of one matrix over all examples, with a class that never occurs left out', (t) => {
  const part = (confusion: readonly number[]) => ({ count: 4, sum: 0, confusion });
  const rows = [
    evaluationRow(0, 0, [rowTask('map', part([3, 1, 0, 0, 0, 0, 0, 0, 0]), part([1, 3, 0, 0, 0, 0, 0, 0, 0]))]),
    evaluationRow(0, 1, [rowTask('map', part([1, 0, 0, 1, 2, 0, 0, 0, 0]), part([0, 1, 0, 3, 0, 0, 0, 0, 0]))]),
  ];
  const [task] = reduceOne([segmentation], rows).tasks;
  // Road: 4 of 6 positions, then 1 of 8. Car: 2 of 4, then 0 of 7.
  t.is(task?.clean.value, (4 / 6 + 2 / 4) / 2);
  t.is(task?.adversarial.value, 1 / 8 / 2);
  t.deepEqual(task?.perClass, [
    { name: 'road', clean: 4 / 6, adversarial: 1 / 8 },
    { name: 'car', clean: 2 / 4, adversarial: 0 },
    { name: 'sky', clean: null, adversarial: null },
  ]);
});

test('the interval of a mean error is between the extremes of its examples and holds the mean', (t) => {
  const rows = [1, 2, 3, 6].map((error, i) => evaluationRow(0, i, [rowTask('depth', one(0.5), one(error))]));
  const [task] = reduceOne([depth], rows).tasks;
  const { value = NaN, lower = NaN, upper = NaN } = task?.adversarial ?? {};
  t.is(value, 3);
  t.true(1 <= lower && lower < 2 && 4 < upper && upper <= 6, `got ${lower} … ${upper}`);
  t.deepEqual(task?.clean, { value: 0.5, lower: 0.5, upper: 0.5 });
  t.is(task?.unit, 'm');
});

test('one example has no interval, and none has no figure', (t) => {
  const rows = [
    evaluationRow(0, 0, [rowTask('depth', one(1), one(2))]),
    evaluationRow(0, 1, [rowTask('class', { count: 0, sum: 0 }, { count: 0, sum: 0 })]),
  ];
  const [first, second] = reduceOne([classification, depth], rows).tasks;
  t.deepEqual(second?.adversarial, { value: 2 });
  t.deepEqual([first?.examples, first?.adversarial], [0, {}]);
});

test('the 8-bit figure is there only where every example has one', (t) => {
  const row = (index: number, has8bit: boolean) =>
    evaluationRow(0, index, [rowTask('class', one(1), one(0), has8bit ? { adversarial8bit: one(1) } : {})]);
  t.is(reduceOne([classification], [row(0, true), row(1, true)]).tasks[0]?.adversarial8bit?.value, 1);
  t.is(reduceOne([classification], [row(0, true), row(1, false)]).tasks[0]?.adversarial8bit, undefined);
});

test('the worst examples are those that lost most of the metric, and then those whose loss rose most', (t) => {
  const row = (index: number, error: number, loss: number) =>
    evaluationRow(0, index, [rowTask('depth', one(1), one(error), { cleanLoss: 1, adversarialLoss: loss })]);
  const rows = [row(0, 2, 1), row(1, 1, 9), row(2, 3, 2), row(3, 2, 4), row(4, 0.5, 8)];
  t.deepEqual(reduceOne([depth], rows).worst, ['key-2', 'key-3', 'key-0', 'key-1']);
  const many = Array.from({ length: 12 }, (_, i) => row(i, 2 + i, 1));
  t.is(reduceOne([depth], many).worst.length, 8);
});

const doubtful: readonly (readonly [reason: string, change: Partial<EvaluationRow>])[] = [
  ['ZERO_GRADIENT', { warnings: [{ reason: 'ZERO_GRADIENT', message: '' }] }],
  ['NON_FINITE_GRADIENT', { warnings: [{ reason: 'NON_FINITE_GRADIENT', message: '' }] }],
  ['CUT_SHORT', { terminatedBy: 'deadline' }],
  ['NON_FINITE_OUTPUT', { tasks: [rowTask('class', one(1), one(NaN))] }],
];
for (const [reason, change] of doubtful) {
  test(`more than one in twenty rows of ${reason} make the figures suspect`, (t) => {
    const rows = (odd: number) =>
      Array.from({ length: 40 }, (_, i) =>
        evaluationRow(0, i, [rowTask('class', one(1), one(1))], i < odd ? change : {}),
      );
    t.deepEqual(reduceOne([classification], rows(2)).doubts, []);
    const suspect = reduceOne([classification], rows(3));
    t.is(suspect.verdict, 'suspect');
    t.deepEqual(
      suspect.doubts.map((doubt) => doubt.reason),
      [reason],
    );
    t.regex(suspect.doubts[0]?.message ?? '', /^3 of 40 examples /);
  });
}

test('a gradient of 0 on a broken example is no doubt, for the attack has succeeded', (t) => {
  const tasks = [rowTask('class', one(1), one(0), { broken: true })];
  const warnings = [{ reason: 'ZERO_GRADIENT', message: '' }];
  t.is(reduceOne([classification], [evaluationRow(0, 0, tasks, { warnings })]).verdict, 'ok');
});

test('what the checks of a sample say makes an attack suspect', (t) => {
  const rows = [evaluationRow(0, 0, [rowTask('class', one(1), one(1))])];
  const doubt = { reason: 'MORE_STEPS_HELP', message: 'give it more' };
  const figures = reduceEvaluation(identityOf(suite), { tasks: [classification] }, rows, {
    doubts: new Map([[0, [doubt]]]),
  });
  t.like(figures[0], { verdict: 'suspect', doubts: [doubt] });
});

test('examples keep the sums that a later evaluation is compared with', (t) => {
  const confusion = [3, 1, 0, 0, 0, 0, 0, 0, 2];
  const part = { count: 6, sum: 5, confusion };
  const rows = [
    evaluationRow(1, 0, [rowTask('map', part, one(0))]),
    evaluationRow(0, 0, [rowTask('map', part, one(1))]),
  ];
  t.deepEqual(exampleSums(identityOf(['a', 'b']), rows), [
    // Road: 3 of 4, car: 0 of 1, sky: 2 of 2.
    {
      key: 'key-0',
      clean: { map: [6, 5, 0, 3, 4, 1, 0, 1, 2, 2, 2] },
      adversarial: [{ map: [1, 1] }, { map: [1, 0] }],
    },
  ]);
});
