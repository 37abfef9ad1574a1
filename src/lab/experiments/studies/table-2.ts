import type { Experiment } from '../experiment.js';
import { TABLE_2_DEPTH, TABLE_2_SEGMENTATION } from '../printed/table-2.js';
import type { Scale } from '../scales.js';
import { cityscapesModel } from './models.js';
import { cellsOfSeed, type HalfTable, orderClaim, robustnessClaims, tableOf } from './single-task-table.js';

/** λ_a of each model, from the names of the authors' checkpoints: the paper's own row is blank. */
const LAMBDAS: Readonly<Record<string, number>> = { sd: 0.001, sA: 0.1, sdA: 0.001, ds: 0.1, dA: 0.1, dAs: 0.01 };

/** The columns of Table 2 and 3. */
export function halvesOf(
  scale: Scale,
  use: 'singleTask' | 'adversarial',
  seeds: readonly number[],
  [segmentation, depth]: readonly [HalfTable['printed'], HalfTable['printed']],
): readonly HalfTable[] {
  const model = (letters: string, seed: number) => {
    const lambda = LAMBDAS[letters];
    return cityscapesModel(scale, use, letters, { seed, ...(lambda !== undefined && { lambda }) });
  };
  return [
    { title: 'Segmentation', task: 'segmentation', higherIsBetter: true, printed: segmentation, model, seeds },
    { title: 'Depth', task: 'depth', higherIsBetter: false, printed: depth, model, seeds },
  ];
}

/** What Table 2 calls strong: the paper has exceptions under FGSM itself. */
const isStrong = (row: string): boolean => row !== 'Clean' && row !== 'FGSM';

/** Table 2: models of a main task and auxiliary ones under attacks on the main task. */
export function table2(scale: Scale): Experiment {
  const halves = halvesOf(scale, 'singleTask', scale.table2Seeds, [TABLE_2_SEGMENTATION, TABLE_2_DEPTH]);
  return {
    name: 'table2',
    title: 'Table 2: multitask models under single-task attacks',
    setting: [
      `${scale.architectures.singleTask}; main task with weight 1, auxiliary ones share λ_a: ${Object.entries(LAMBDAS)
        .map(([letters, lambda]) => `${letters} ${lambda}`)
        .join(', ')}, from the names of the authors' checkpoints, for the paper's own row is blank.`,
      'Attacks on the main task alone, L∞ 4/255, step 1/255, random start uniform in the ball, MIM with μ 1 and normalised gradients, Houdini with its analytic gradient. The authors’ code starts in a corner of the ball, has μ 0.5 without normalisation, and attacked in another space: its figures are not those of a ball of 4/255.',
    ],
    cells: scale.table2Seeds.flatMap((seed, i) =>
      halves.flatMap((half) => cellsOfSeed(half, scale, seed).map((cell) => ({ rank: i === 0 ? 0 : 60 + i, cell }))),
    ),
    outcome: (read) => ({
      tables: halves.map((half) => tableOf(half, scale, read)),
      charts: [],
      claims: halves.flatMap((half) => [
        ...robustnessClaims(
          half,
          scale,
          read,
          Object.keys(half.printed.rows).filter(isStrong),
          (letters, base) => `${half.task}: ${letters} is more robust than ${base} under every strong attack.`,
        ),
        orderClaim(half, scale, read),
      ]),
    }),
  };
}
