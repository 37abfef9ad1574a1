import test from 'ava';
import { judgeGates } from '../../../../src/engine/evaluation/gates/judge-gates.js';
import { resolveGates } from '../../../../src/engine/evaluation/gates/resolve-gates.js';
import type { AttackFigures, Figure, GateVerdict } from '../../../../src/engine/evaluation/result.js';

const suite = [
  'pgd(steps=50,eps=4)@sum(segmentation=1,depth=1)',
  'pgd(steps=50,eps=4)@sum(segmentation=1)',
  'pgd(steps=50,eps=8,start=none)@sum(segmentation=1)',
  'fgsm(eps=4)@sum(depth=1)',
];
const tasks = [
  { name: 'segmentation', metric: 'miou' },
  { name: 'depth', metric: 'absolute-error' },
  { name: 'a.b', metric: 'accuracy' },
];
const attackOf = (text: string): number | undefined => resolveGates([text], suite, tasks)[0]?.attack;

const meant: readonly (readonly [condition: string, attack: number])[] = [
  ['pgd(steps=50,eps=4)@sum(segmentation=1,depth=1)', 0],
  ['pgd(steps = 50, eps = 4) @ sum(segmentation = 1, depth = 1)', 0],
  ['pgd@sum(depth,segmentation)', 0],
  ['pgd(eps=4/255)@sum(segmentation)', 1],
  ['pgd(eps=8)', 2],
  ['pgd(start=none)', 2],
  ['pgd(eps=4,start=uniform)@sum(segmentation)', 1],
  ['fgsm', 3],
];
for (const [condition, attack] of meant) {
  test(`an attack may be named by what tells it from the others: ${condition}`, (t) => {
    t.is(attackOf(`segmentation.miou >= 0.3 @ ${condition}`), attack);
  });
}

test('a gate says task, metric, bound and condition', (t) => {
  t.deepEqual(
    resolveGates(
      ['segmentation.miou>=30%@fgsm', ' depth.clean_absolute-error < 0.5 ', 'a.b.accuracy > 1 @ clean'],
      suite,
      tasks,
    ),
    [
      {
        text: 'segmentation.miou>=30%@fgsm',
        task: 'segmentation',
        metric: 'miou',
        comparison: '>=',
        threshold: 0.3,
        attack: 3,
      },
      {
        text: ' depth.clean_absolute-error < 0.5 ',
        task: 'depth',
        metric: 'absolute-error',
        comparison: '<',
        threshold: 0.5,
        attack: undefined,
      },
      {
        text: 'a.b.accuracy > 1 @ clean',
        task: 'a.b',
        metric: 'accuracy',
        comparison: '>',
        threshold: 1,
        attack: undefined,
      },
    ],
  );
});

test('with one attack in the suite a gate need not name it', (t) => {
  t.is(resolveGates(['depth.absolute-error <= 1'], ['fgsm(eps=4)@sum(depth=1)'], tasks)[0]?.attack, 0);
});

const wrong: readonly (readonly [gate: string, message: RegExp])[] = [
  ['segmentation >= 0.3', /^expected TASK.METRIC at column 1 of the gate, got segmentation/],
  ['segmentation.miou = 0.3', /^expected >=, <=, >, < at column 19 of the gate, got `=`/],
  ['segmentation.miou >= much', /^expected a number at column 22 of the gate, got much/],
  ['segmentation.miou >= 0.3 fgsm', /^expected `%`, `@` or the end at column 26 of the gate, got fgsm/],
  ['segments.miou >= 0.3 @ fgsm', /^expected a task \(segmentation, depth, a.b\) in the gate .*, got segments$/],
  ['depth.miou >= 0.3 @ fgsm', /^expected absolute-error, the metric of depth in the gate .*, got miou$/],
  ['depth.absolute-error <= 3% @ fgsm', /^expected no % on absolute-error, which is no ratio in the gate/],
  ['segmentation.miou >= 0.3 @ mim', /^expected an attack of the suite \(pgd.*\) in the gate .*, got mim$/],
  [
    'segmentation.miou >= 0.3 @ pgd(eps=4)',
    /^expected exactly one attack .*, got pgd\(eps=4\), which may mean pgd.*; pgd/,
  ],
  ['segmentation.miou >= 0.3', /^expected exactly one attack .*, got none, which may mean/],
  ['segmentation.miou >= 0.3 @ pgd(epsilon=4)', /^expected a parameter \(steps, /],
];
for (const [gate, message] of wrong) {
  test(`a bad gate is refused: ${gate}`, (t) => {
    t.throws(() => resolveGates([gate], suite, tasks), { code: 'INVALID_OPTION', message });
  });
}

const figures = (clean: Figure, adversarial: Figure, change: Partial<AttackFigures> = {}): AttackFigures => ({
  spec: 'fgsm(eps=4)@sum(depth=1)',
  attack: 'fgsm',
  objective: 'sum(depth=1)',
  epsilon: 4,
  examples: 9,
  tasks: [
    {
      task: 'segmentation',
      attacked: true,
      metric: 'miou',
      unit: '',
      higherIsBetter: true,
      examples: 9,
      clean,
      adversarial,
    },
  ],
  verdict: 'ok',
  doubts: [],
  worst: [],
  ...change,
});
const outcomeOf = (gate: string, attack: AttackFigures) =>
  judgeGates([attack], resolveGates([gate], ['fgsm(eps=4)@sum(depth=1)'], tasks))[0];

const judged: readonly (readonly [figure: Figure, gate: string, verdict: GateVerdict])[] = [
  [{ value: 0.4, lower: 0.35, upper: 0.45 }, '>= 0.3', 'pass'],
  [{ value: 0.4, lower: 0.2, upper: 0.6 }, '>= 0.3', 'pass'],
  [{ value: 0.25, lower: 0.2, upper: 0.29 }, '>= 0.3', 'regression'],
  [{ value: 0.25, lower: 0.2, upper: 0.31 }, '>= 0.3', 'inconclusive'],
  [{ value: 0.3, lower: 0.3, upper: 0.3 }, '>= 0.3', 'pass'],
  [{ value: 0.3, lower: 0.3, upper: 0.3 }, '> 0.3', 'regression'],
  [{ value: 0.4, lower: 0.35, upper: 0.45 }, '<= 30%', 'regression'],
  [{ value: 0.4, lower: 0.25, upper: 0.45 }, '< 30%', 'inconclusive'],
  [{ value: 0.4 }, '>= 0.3', 'pass'],
  [{ value: 0.2 }, '>= 0.3', 'inconclusive'],
  [{}, '>= 0.3', 'inconclusive'],
];
for (const [figure, bound, verdict] of judged) {
  test(`${figure.value} in ${figure.lower} … ${figure.upper} against ${bound} is ${verdict}`, (t) => {
    t.is(outcomeOf(`segmentation.miou ${bound}`, figures({}, figure))?.verdict, verdict);
    t.is(outcomeOf(`segmentation.clean_miou ${bound}`, figures(figure, {}))?.verdict, verdict);
  });
}

test('a pass that more examples could overturn says so', (t) => {
  const outcome = outcomeOf('segmentation.miou >= 0.3', figures({}, { value: 0.4, lower: 0.2, upper: 0.6 }));
  t.is(
    outcome?.message,
    'miou of segmentation is 0.4 (95 % 0.2 … 0.6), expected >= 0.3; more examples are needed to be sure',
  );
});

test('the gate of a suspect attack never passes, and says why', (t) => {
  const doubts = [{ reason: 'ZERO_GRADIENT', message: '9 of 9 examples have a gradient of 0' }];
  const suspect = figures({ value: 0.9 }, { value: 0.9, lower: 0.8, upper: 1 }, { verdict: 'suspect', doubts });
  const outcome = outcomeOf('segmentation.miou >= 0.3', suspect);
  t.is(outcome?.verdict, 'inconclusive');
  t.regex(outcome?.message ?? '', /suspect: ZERO_GRADIENT, 9 of 9/);
  t.is(outcomeOf('segmentation.clean_miou >= 0.3', suspect)?.verdict, 'pass');
});

test('a figure that is missing never passes', (t) => {
  t.is(outcomeOf('depth.absolute-error <= 9', figures({}, {}))?.verdict, 'inconclusive');
});
