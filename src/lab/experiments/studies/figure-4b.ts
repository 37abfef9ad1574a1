import type { AttackCellPlan } from '../cell-plan.js';
import { judgeClaim } from '../claims.js';
import type { Experiment, ExperimentOutcome, ReadCell } from '../experiment.js';
import { type Measured, measure, type Sample } from '../measured.js';
import type { Scale } from '../scales.js';
import { cityscapesModel, jointAttack } from './models.js';
import { type Condition, readAttack, sampleOf } from './samples.js';

const TASK = 'segmentation';

interface Series {
  readonly name: string;
  readonly attack: string;
  readonly condition: Condition;
}

function seriesOf(scale: Scale): readonly Series[] {
  const pgd = `pgd(steps=${scale.steps(5)},eps=4)`;
  return [
    { name: 'clean', attack: 'fgsm(eps=4)', condition: 'clean' },
    { name: 'FGSM', attack: 'fgsm(eps=4)', condition: 'adversarial' },
    { name: 'PGD5', attack: pgd, condition: 'adversarial' },
  ];
}

function cellOf(scale: Scale, attack: string, positions: number, draw: number, seed: number): AttackCellPlan {
  return {
    kind: 'attack',
    model: cityscapesModel(scale, 'multitask', 's', { seed }),
    attack: jointAttack(attack, [TASK]),
    limit: scale.attackExamples,
    seed: 0,
    subset: { task: TASK, positions, draw },
  };
}

const drawsOf = ({ figure4b }: Scale): readonly number[] => [...Array(figure4b.draws).keys()];

/** Fig. 4b: accuracy on M attacked outputs rises with M. */
export function figure4b(scale: Scale): Experiment {
  const { outputCounts, draws } = scale.figure4b;
  const attacks = [...new Set(seriesOf(scale).map(({ attack }) => attack))];
  return {
    name: 'fig4b',
    title: 'Fig. 4b: accuracy over the number of attacked outputs',
    setting: [
      `A single-task ${scale.architectures.multitask} for segmentation; only M pixels with a label are attacked and judged, drawn for each example, ${draws} draws of each M. L∞ 4/255: the paper does not say its radius.`,
      'Accuracy is over all drawn pixels. The authors’ code averages batches and counts one without a valid pixel as 0, which lowers theirs where M is small.',
    ],
    cells: scale.seeds.flatMap((seed) =>
      outputCounts.flatMap((positions) =>
        attacks.flatMap((attack) =>
          drawsOf(scale).map((draw) => ({ rank: 20, cell: cellOf(scale, attack, positions, draw, seed) })),
        ),
      ),
    ),
    outcome: (read) => outcomeOf(scale, read),
  };
}

function outcomeOf(scale: Scale, read: ReadCell): ExperimentOutcome {
  const { outputCounts } = scale.figure4b;
  /** Samples of all draws, by seed; a seed that lacks one is left out. */
  const samplesOf = ({ attack, condition }: Series, counts: readonly number[]): readonly (readonly Sample[])[] =>
    scale.seeds.flatMap((seed) => {
      const samples = counts.flatMap((count) =>
        drawsOf(scale).map((draw) => {
          const result = readAttack(read, cellOf(scale, attack, count, draw, seed));
          return result && sampleOf(result, TASK, condition, 'accuracy');
        }),
      );
      return samples.every((sample) => sample !== undefined) ? [samples] : [];
    });
  const accuracy = (series: Series, count: number): Measured | undefined =>
    measure(samplesOf(series, [count]), (values) => mean(values));
  const gainOf = (series: Series, from: number, to: number): Measured | undefined =>
    measure(samplesOf(series, [from, to]), (values) => {
      const half = values.length / 2;
      return mean(values.slice(half)) - mean(values.slice(0, half));
    });
  const [first = 1, last = 1] = [outputCounts[0], outputCounts.at(-1)];
  const all = seriesOf(scale);
  return {
    tables: [],
    charts: [
      {
        title: 'Accuracy of the selected outputs',
        x: { title: 'output dimension M', scale: 'log' },
        y: { title: 'accuracy in %', scale: 'linear' },
        series: all.map((series) => ({
          name: series.name,
          points: outputCounts.flatMap((x) => {
            const measured = accuracy(series, x);
            return measured === undefined ? [] : [{ x, measured }];
          }),
        })),
      },
    ],
    claims: [
      judgeClaim(
        'Accuracy under attack rises with the number of outputs that are attacked.',
        'paper',
        all
          .filter(({ condition }) => condition === 'adversarial')
          .map((series) => ({
            label: `${series.name} from ${first} to ${last} outputs`,
            improvement: gainOf(series, first, last),
          })),
      ),
    ],
  };
}

/** In percent. */
const mean = (values: readonly number[]): number =>
  (100 * values.reduce((sum, value) => sum + value, 0)) / values.length;
