import test from 'ava';
import { type CellPlan, cellDigest } from '../../../src/lab/experiments/cell-plan.js';
import type { AttackCellResult, CellResult, GradientCellResult } from '../../../src/lab/experiments/cell-result.js';
import type { ExperimentName, ExperimentOutcome } from '../../../src/lab/experiments/experiment.js';
import { experimentOf } from '../../../src/lab/experiments/list.js';
import { tasksOfModel } from '../../../src/lab/experiments/model-plan.js';
import { scaleOf } from '../../../src/lab/experiments/scales.js';
import { stepsForRadius } from '../../../src/lab/experiments/studies/figure-5.js';
import { attackOfRow } from '../../../src/lab/experiments/studies/single-task-table.js';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** An attack that leaves a share of the pixels right, or an error; the same of every example but for its own offset. */
function attackResult(cell: CellPlan, clean: number, attacked: number): AttackCellResult {
  const tasks = tasksOfModel(cell.model);
  const isClasses = (task: string): boolean => task === 'segmentation';
  const sums = (task: string, value: number, i: number): readonly number[] => {
    const offset = i / 100;
    if (!isClasses(task)) return [1, value + offset];
    const right = 1000 * (value + offset);
    return [1000, right, 0, right, 1000];
  };
  const of = (value: number, i: number) => Object.fromEntries(tasks.map((task) => [task, sums(task, value, i)]));
  return {
    kind: 'attack',
    tasks: tasks.map((task) => ({
      task,
      metric: isClasses(task) ? 'miou' : 'absolute-error',
      unit: '',
      higherIsBetter: isClasses(task),
    })),
    examples: KEYS.map((key, i) => ({ key, clean: of(clean, i), adversarial: of(attacked, i) })),
    skipped: 0,
    doubts: [],
    provenance: undefined,
    seconds: 1,
  };
}

/** What an experiment says of cells that are all there. */
function outcomeOf(name: ExperimentName, resultOf: (cell: CellPlan) => CellResult | undefined): ExperimentOutcome {
  const scale = scaleOf('small');
  const experiment = experimentOf(name, scale);
  const planned = new Set(experiment.cells.map(({ cell }) => cellDigest(cell)));
  return experiment.outcome((cell) => {
    if (!planned.has(cellDigest(cell))) throw new Error('a cell is read that is not in the plan');
    return resultOf(cell);
  });
}

const verdictsOf = ({ claims }: ExperimentOutcome): readonly string[] => [
  ...new Set(claims.map(({ verdict }) => verdict)),
];
const isMultitask = ({ model }: CellPlan): boolean => tasksOfModel(model).length > 1;
/** Of the main task, by the trained tasks. */
const mainIsClasses = ({ model }: CellPlan): boolean => model.main.includes('segmentation');

/** How much worse an attack is than none: by its place in Table 2. */
const STRENGTHS: readonly (readonly [RegExp, number])[] = [
  [/^fgsm/, 1],
  [/^pgd\(steps=10,/, 2],
  [/^pgd\(steps=20,/, 3],
  [/^pgd\(steps=50,/, 4],
  [/^pgd\(steps=100,/, 5],
  [/^mim/, 6],
  [/^houdini/, 7],
];
const strengthOf = (cell: CellPlan): number =>
  STRENGTHS.find(([pattern]) => cell.kind === 'attack' && pattern.test(cell.attack))?.[1] ?? 0;

test('Table 2 is reproduced where its order holds, and the multitask models are better by more than their spread', (t) => {
  const outcome = outcomeOf('table2', (cell) => {
    const better = isMultitask(cell) ? 0.02 + cell.model.seed / 1000 : 0;
    const strength = strengthOf(cell);
    return mainIsClasses(cell)
      ? attackResult(cell, 0.8, 0.7 - 0.05 * strength + better)
      : attackResult(cell, 1, 2 + strength - better);
  });
  t.deepEqual(verdictsOf(outcome), ['reproduced']);
  const [segmentation, depth] = outcome.tables;
  // Examples have offsets of .00 … .05: .8 and their mean .025.
  t.is(segmentation?.rows[0]?.cells[0]?.ours?.value.toFixed(6), (82.5).toFixed(6));
  t.like(segmentation?.rows[0]?.cells[0], { paper: 48.58, ours: { examples: 6, seeds: 3, over: 'seeds' } });
  t.is(depth?.rows[4]?.label, 'PGD50');
  t.is(depth?.rows[4]?.cells[0]?.ours?.value.toFixed(6), (6.025).toFixed(6));
  t.is(outcome.tables[1]?.rows.length, 7);
});

test('Table 2 is not reproduced where one multitask model is worse under one attack', (t) => {
  const outcome = outcomeOf('table2', (cell) => {
    const isWorse =
      cell.kind === 'attack' && cell.attack.startsWith('mim') && cell.model.auxiliary.includes('reconstruction');
    const better = isMultitask(cell) ? (isWorse ? -0.02 : 0.02) : 0;
    const strength = strengthOf(cell);
    return mainIsClasses(cell)
      ? attackResult(cell, 0.8, 0.7 - 0.05 * strength + better)
      : attackResult(cell, 1, 2 + strength - better);
  });
  const judged = new Map(outcome.claims.map(({ text, verdict }) => [text.split(' is ')[0], verdict]));
  t.is(judged.get('segmentation: sd'), 'reproduced');
  t.is(judged.get('segmentation: sA'), 'not reproduced');
  t.is(judged.get('depth: ds'), 'reproduced');
  t.is(judged.get('depth: dAs'), 'not reproduced');
});

test('nothing is claimed of what was not measured', (t) => {
  for (const name of ['table1', 'table2', 'table3', 'fig4a', 'fig4b', 'fig4c', 'fig5', 'fig7'] as const) {
    const outcome = outcomeOf(name, () => undefined);
    t.deepEqual(verdictsOf(outcome), ['inconclusive'], name);
  }
});

test('Table 1 sees a balanced attack that hurts more than the sum', (t) => {
  const outcome = outcomeOf('table1', (cell) => {
    const isBalanced = cell.kind === 'attack' && cell.attack.includes('balanced');
    const value = isMultitask(cell) ? (isBalanced ? 0.2 : 0.4) : 0.3;
    const { tasks, ...rest } = attackResult(cell, 0.8, value);
    // Of errors the same story the other way round.
    const worse = attackResult(cell, 0.8, 1 - value);
    return {
      ...rest,
      tasks,
      examples: rest.examples.map((example, i) => ({
        ...example,
        adversarial: { ...worse.examples[i]?.adversarial, segmentation: example.adversarial['segmentation'] ?? [] },
      })),
    };
  });
  t.deepEqual(
    outcome.claims.map(({ source, verdict }) => `${source}: ${verdict}`),
    Array.from({ length: 2 }, () => [
      'paper: reproduced',
      'later work: not reproduced',
      'later work: reproduced',
    ]).flat(),
  );
});

const gradientResult = (examples: GradientCellResult['examples']): GradientCellResult => ({
  kind: 'gradients',
  examples,
  seconds: 1,
});

test('Fig. 4a is reproduced by norms that fall as M to the power of −0.3', (t) => {
  const { outputCounts } = scaleOf('small').figure4a;
  const outcome = outcomeOf('fig4a', () =>
    gradientResult(
      KEYS.map((key, i) => ({ key, gram: [1], sweep: outputCounts.map((count) => (1 + i / 10) * count ** -0.3) })),
    ),
  );
  t.deepEqual(verdictsOf(outcome), ['reproduced']);
  t.is(outcome.charts[0]?.series[0]?.points.length, outputCounts.length);
  t.is(outcome.claims[1]?.comparisons[0]?.improvement?.value.toFixed(9), (0.2).toFixed(9));
});

test('Fig. 4a is not reproduced by norms that grow', (t) => {
  const { outputCounts } = scaleOf('small').figure4a;
  const outcome = outcomeOf('fig4a', () =>
    gradientResult(KEYS.map((key, i) => ({ key, gram: [1], sweep: outputCounts.map((count) => (1 + i) * count) }))),
  );
  t.is(outcome.claims[0]?.verdict, 'not reproduced');
});

test('Fig. 4c is reproduced by tasks that have nothing in common', (t) => {
  const gram = Array.from({ length: 36 }, (_, cell) => (cell % 7 === 0 ? 1 : 0));
  const outcome = outcomeOf('fig4c', () =>
    gradientResult(KEYS.map((key, i) => ({ key, gram: gram.map((g) => g * (1 + i)), sweep: [] }))),
  );
  t.deepEqual(verdictsOf(outcome), ['reproduced']);
  const joint = outcome.charts[0]?.series[0]?.points.map(({ measured }) => measured.value) ?? [];
  for (const [i, norm] of joint.entries()) t.is((norm / (joint[0] ?? 1)).toFixed(9), (1 / Math.sqrt(i + 1)).toFixed(9));
});

test('Fig. 7 has relative improvements, and their mean', (t) => {
  const outcome = outcomeOf('fig7', (cell) => {
    const value = isMultitask(cell) ? 0.5 : 0.4;
    return mainIsClasses(cell) ? attackResult(cell, 0.5, value) : attackResult(cell, 0.5, 0.9 - value);
  });
  const [attacked] = outcome.tables;
  const [first] = attacked?.rows ?? [];
  t.is(first?.cells[1]?.paper, 44.61);
  // (.525 − .425) / .425 of ratios, (.525 − .425) / .525 of errors.
  t.is(first?.cells[1]?.ours?.value.toFixed(6), (100 / 4.25).toFixed(6));
  t.is(attacked?.rows[1]?.cells[0]?.ours?.value.toFixed(6), (100 / 5.25).toFixed(6));
  const mean = outcome.claims[0]?.comparisons[0]?.improvement?.value;
  t.is(mean?.toFixed(6), ((100 / 4.25 + 2 * (100 / 5.25)) / 3).toFixed(6));
  t.is(outcome.claims[0]?.verdict, 'reproduced');
  // On clean images nothing changes.
  t.is(outcome.claims[2]?.verdict, 'inconclusive');
});

test('Fig. 4b is reproduced by accuracy that rises', (t) => {
  const outcome = outcomeOf('fig4b', (cell) => {
    const positions = cell.kind === 'attack' ? (cell.subset?.positions ?? 1) : 1;
    return attackResult(cell, 0.9, 0.1 + 0.1 * Math.log10(positions));
  });
  t.deepEqual(verdictsOf(outcome), ['reproduced']);
  const fgsm = outcome.charts[0]?.series.find(({ name }) => name === 'FGSM');
  t.is(fgsm?.points[0]?.measured.value.toFixed(6), (12.5).toFixed(6));
});

test('attacks and steps are those of the paper', (t) => {
  const small = scaleOf('small');
  t.is(attackOfRow(small, 'FGSM'), 'fgsm(eps=4)');
  t.is(attackOfRow(small, 'PGD10'), 'pgd(steps=10,eps=4)');
  t.is(attackOfRow(small, 'Houdini100'), 'houdini(steps=100,eps=4)');
  t.deepEqual([1, 2, 4, 8, 16].map(stepsForRadius), [2, 3, 5, 10, 20]);
});
