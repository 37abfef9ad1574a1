import type { GradientCellPlan } from '../cell-plan.js';
import { judgeClaim } from '../claims.js';
import type { Experiment, ExperimentOutcome, ReadCell } from '../experiment.js';
import { measure, type Sample } from '../measured.js';
import type { Scale } from '../scales.js';
import { logSlope, meanSample, readGradients } from './gradient-samples.js';
import { cityscapesModel } from './models.js';

function cellOf(scale: Scale, seed: number): GradientCellPlan {
  return {
    kind: 'gradients',
    model: cityscapesModel(scale, 'multitask', 's', { seed }),
    tasks: ['segmentation'],
    limit: scale.gradientExamples,
    seed: 0,
    sweep: scale.figure4a,
  };
}

/** Fig. 4a: the gradient of the mean loss of M output pixels shrinks with M. */
export function figure4a(scale: Scale): Experiment {
  return {
    name: 'fig4a',
    title: 'Fig. 4a: gradient norm over the number of outputs',
    setting: [
      `A single-task ${scale.architectures.multitask} for segmentation; L2 norm of the gradient of the mean cross-entropy of M pixels, per example and in pixel levels, as the mean over ${scale.figure4a.draws} draws of M among the pixels that have a label.`,
      'The authors’ norm is over a whole batch of normalised inputs, and counts pixels without a label in M: its shape is comparable, its scale is not.',
    ],
    cells: scale.seeds.map((seed) => ({ rank: 10, cell: cellOf(scale, seed) })),
    outcome: (read) => outcomeOf(scale, read),
  };
}

function outcomeOf(scale: Scale, read: ReadCell): ExperimentOutcome {
  const { outputCounts } = scale.figure4a;
  const results = scale.seeds.flatMap((seed) => readGradients(read, cellOf(scale, seed)) ?? []);
  const samples: readonly (readonly Sample[])[] = results.map((result) =>
    outputCounts.map((_, i) => meanSample(result, ({ sweep }) => sweep[i] ?? Number.NaN)),
  );
  const pick = (i: number): readonly (readonly Sample[])[] => samples.map((each) => each.slice(i, i + 1));
  const pair = (i: number): readonly (readonly Sample[])[] => samples.map((each) => each.slice(i, i + 2));
  const slope = measure(samples, (norms) => logSlope(outputCounts, norms));
  return {
    tables: [],
    charts: [
      {
        title: 'Norm of the joint gradient',
        x: { title: 'output dimension M', scale: 'log' },
        y: { title: 'L2 norm of the gradient, per level', scale: 'log' },
        series: [
          {
            name: 's',
            points: outputCounts.flatMap((x, i) => {
              const measured = measure(pick(i), ([norm]) => norm);
              return measured === undefined ? [] : [{ x, measured }];
            }),
          },
        ],
      },
    ],
    claims: [
      judgeClaim(
        'The norm of the joint gradient falls as the number of outputs grows.',
        'paper',
        outputCounts.slice(1).map((count, i) => ({
          label: `from ${outputCounts[i]} to ${count} outputs`,
          improvement: measure(pair(i), ([before = Number.NaN, after = Number.NaN]) => before - after),
        })),
      ),
      judgeClaim('It falls no faster than 1/√M, as it would for outputs that have nothing in common.', 'theory', [
        { label: 'slope of log norm over log M, plus 1/2', improvement: slope && shifted(slope) },
      ]),
    ],
  };
}

/** Above 0 where the slope is above −1/2. */
function shifted(slope: NonNullable<ReturnType<typeof measure>>): NonNullable<ReturnType<typeof measure>> {
  const { value, lower, upper } = slope;
  return {
    ...slope,
    value: value + 0.5,
    ...(lower !== undefined && { lower: lower + 0.5 }),
    ...(upper !== undefined && { upper: upper + 0.5 }),
  };
}
