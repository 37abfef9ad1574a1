import type { AttackCellPlan } from '../cell-plan.js';
import { type Claim, type Comparison, judgeClaim } from '../claims.js';
import type { Experiment, OutcomeChart, ReadCell } from '../experiment.js';
import type { Scale } from '../scales.js';
import { tasksOf } from '../tasks.js';
import { TASK_SETS } from './figure-4c.js';
import { jointAttack, taskonomyModel } from './models.js';
import { compareModels, figureOf, readAttack, relativeGain, sampleOf } from './samples.js';

/** Radii, with the steps of the paper's rule min(ε + 4, ⌈1.25 ε⌉). */
const RADII = [1, 2, 4, 8, 16] as const;
export const stepsForRadius = (epsilon: number): number => Math.min(epsilon + 4, Math.ceil(1.25 * epsilon));

/** Radii at which models are compared. */
const JUDGED: readonly number[] = [4, 8, 16];

const LETTERS = [...TASK_SETS[5]];
const MULTITASK: readonly string[] = TASK_SETS.slice(1);
const MODELS: readonly string[] = [...LETTERS, ...MULTITASK];

function cellOf(scale: Scale, letters: string, epsilon: number, combination: string, seed: number): AttackCellPlan {
  const attack = `pgd(steps=${scale.steps(stepsForRadius(epsilon))},eps=${epsilon})`;
  return {
    kind: 'attack',
    model: taskonomyModel(scale, letters, { seed, equally: true }),
    attack: jointAttack(attack, tasksOf('taskonomy', letters), letters.length === 1 ? 'sum' : combination),
    limit: scale.attackExamples,
    seed: 0,
    subset: undefined,
  };
}

/** Fig. 5: each task of Taskonomy under attacks on all tasks of its model, over ε. */
export function figure5(scale: Scale): Experiment {
  const cells = (letters: string, seed: number): readonly AttackCellPlan[] => [
    ...RADII.map((epsilon) => cellOf(scale, letters, epsilon, 'sum', seed)),
    ...(letters.length > 1 ? JUDGED.map((epsilon) => cellOf(scale, letters, epsilon, 'balanced', seed)) : []),
  ];
  return {
    name: 'fig5',
    title: 'Fig. 5: Taskonomy under multitask attacks over ε',
    setting: [
      `${scale.architectures.taskonomy}, tasks trained equally; all tasks of a model attacked together by PGD with step 1/255 and min(ε + 4, ⌈1.25 ε⌉) steps.`,
      'The text of the paper prints no numbers of this figure.',
    ],
    cells: scale.seeds.flatMap((seed) =>
      MODELS.flatMap((letters) => cells(letters, seed).map((cell) => ({ rank: 80, cell }))),
    ),
    outcome: (read) => ({
      tables: [],
      charts: LETTERS.map((letter) => chartOf(scale, read, letter)),
      claims: LETTERS.flatMap((letter) => claimsOf(scale, read, letter)),
    }),
  };
}

/** Models that have the task: the one of it alone first. */
const modelsWith = (letter: string): readonly string[] => [letter, ...MULTITASK.filter((set) => set.includes(letter))];

function chartOf(scale: Scale, read: ReadCell, letter: string): OutcomeChart {
  const [task = ''] = tasksOf('taskonomy', letter);
  const isRatio = letter === 's';
  const point = (letters: string, epsilon: number) => {
    const samples = scale.seeds.flatMap((seed) => {
      const result = readAttack(read, cellOf(scale, letters, epsilon === 0 ? 1 : epsilon, 'sum', seed));
      return result === undefined ? [] : [sampleOf(result, task, epsilon === 0 ? 'clean' : 'adversarial')];
    });
    const measured = figureOf(samples, isRatio);
    return measured === undefined ? [] : [{ x: epsilon, measured }];
  };
  return {
    title: task,
    x: { title: 'ε / 255', scale: 'linear' },
    y: { title: isRatio ? 'mIoU in % ↑' : 'absolute error ↓', scale: 'linear' },
    series: modelsWith(letter).map((letters) => ({
      name: letters,
      points: [0, ...RADII].flatMap((epsilon) => point(letters, epsilon)),
    })),
  };
}

function claimsOf(scale: Scale, read: ReadCell, letter: string): readonly Claim[] {
  const [task = ''] = tasksOf('taskonomy', letter);
  const [base = '', ...others] = modelsWith(letter);
  const sample = (letters: string, epsilon: number, combination: string, seed: number) => {
    const result = readAttack(read, cellOf(scale, letters, epsilon, combination, seed));
    return result && sampleOf(result, task, 'adversarial');
  };
  const comparisons = (combination: string): readonly Comparison[] =>
    others.flatMap((letters) =>
      JUDGED.map((epsilon) => ({
        label: `${letters} against ${base} at ε ${epsilon}, in %`,
        improvement: compareModels(
          scale.seeds.map(
            (seed) => [sample(base, epsilon, 'sum', seed), sample(letters, epsilon, combination, seed)] as const,
          ),
          relativeGain(letter === 's'),
        ),
      })),
    );
  return [
    judgeClaim(
      `${task}: multitask models are more robust than the single-task one under multitask attacks.`,
      'paper',
      comparisons('sum'),
    ),
    judgeClaim(`${task}: they still are under the balanced attack.`, 'later work', comparisons('balanced')),
  ];
}
