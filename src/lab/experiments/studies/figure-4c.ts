import type { GradientCellPlan } from '../cell-plan.js';
import { type Comparison, judgeClaim } from '../claims.js';
import type { Experiment, ExperimentOutcome, ReadCell } from '../experiment.js';
import { measure, type Sample } from '../measured.js';
import type { Scale } from '../scales.js';
import { tasksOf } from '../tasks.js';
import { jointNorm, meanSample, readGradients } from './gradient-samples.js';
import { taskonomyModel } from './models.js';

/** Tasks in the order in which the paper adds them. */
export const TASK_SETS = ['s', 'sd', 'sdn', 'sdnk', 'sdnke', 'sdnker'] as const;
const ALL = TASK_SETS[5];

function cellOf(scale: Scale, seed: number): GradientCellPlan {
  return {
    kind: 'gradients',
    model: taskonomyModel(scale, ALL, { seed, equally: true }),
    tasks: tasksOf('taskonomy', ALL),
    limit: scale.gradientExamples,
    seed: 0,
    sweep: undefined,
  };
}

/** Fig. 4c: the joint gradient of more and more tasks of one model. */
export function figure4c(scale: Scale): Experiment {
  return {
    name: 'fig4c',
    title: 'Fig. 4c: gradient norm over the number of tasks',
    setting: [
      `One ${scale.architectures.taskonomy} with the tasks ${ALL}, trained equally; L2 norm of the gradient of the mean of the first M losses, per example and in pixel levels, at clean images.`,
      'The paper does not say whether its joint gradient is of the sum or of the mean of losses: of a sum it would not be expected to fall, so the mean it is, as in its theory.',
    ],
    cells: scale.seeds.map((seed) => ({ rank: 30, cell: cellOf(scale, seed) })),
    outcome: (read) => outcomeOf(scale, read),
  };
}

function outcomeOf(scale: Scale, read: ReadCell): ExperimentOutcome {
  const results = scale.seeds.flatMap((seed) => readGradients(read, cellOf(scale, seed)) ?? []);
  const jointly = (count: number): readonly Sample[] =>
    results.map((result) => meanSample(result, ({ gram }) => jointNorm(gram, count)));
  const alone = (task: number): readonly Sample[] =>
    results.map((result) => meanSample(result, ({ gram }) => Math.sqrt(gram[task * (ALL.length + 1)] ?? 0)));
  const points = (samplesOf: (i: number) => readonly Sample[]) =>
    TASK_SETS.flatMap((x, i) => {
      const measured = measure(
        samplesOf(i).map((sample) => [sample]),
        ([norm]) => norm,
      );
      return measured === undefined ? [] : [{ x, measured }];
    });
  const fall = (from: number, to: number): Comparison => ({
    label: `from ${TASK_SETS[from]} to ${TASK_SETS[to]}`,
    improvement: measure(
      jointly(from + 1).map((before, i) => [before, jointly(to + 1)[i] as Sample]),
      ([before = Number.NaN, after = Number.NaN]) => before - after,
    ),
  });
  const added = TASK_SETS.slice(1).map((_, i) => fall(i, i + 1));
  return {
    tables: [],
    charts: [
      {
        title: 'Norm of the joint gradient',
        x: { title: 'tasks', scale: 'names' },
        y: { title: 'L2 norm of the gradient, per level', scale: 'linear' },
        series: [
          { name: 'mean of the losses', points: points((i) => jointly(i + 1)) },
          { name: 'the task that was added, alone', points: points(alone) },
        ],
      },
    ],
    claims: [
      judgeClaim(
        'The norm of the joint gradient falls with every task that is added; the paper excepts depth.',
        'paper',
        added.filter((_, i) => TASK_SETS[i + 1] !== 'sd'),
      ),
      judgeClaim('All six tasks together have a smaller joint gradient than segmentation alone.', 'paper', [
        fall(0, TASK_SETS.length - 1),
      ]),
    ],
  };
}
