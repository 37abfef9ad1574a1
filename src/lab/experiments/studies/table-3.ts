import type { Experiment } from '../experiment.js';
import { TABLE_3_DEPTH, TABLE_3_SEGMENTATION } from '../printed/table-3.js';
import type { Scale } from '../scales.js';
import { cellsOfSeed, robustnessClaims, tableOf } from './single-task-table.js';
import { halvesOf } from './table-2.js';

/** Table 3: the same models, trained on attacked images. */
export function table3(scale: Scale): Experiment {
  const halves = halvesOf(scale, 'adversarial', scale.seeds, [TABLE_3_SEGMENTATION, TABLE_3_DEPTH]);
  return {
    name: 'table3',
    title: 'Table 3: adversarially trained models',
    setting: [
      `${scale.architectures.singleTask}, trained on images attacked with ${scale.adversarialAttack} on the sum of all its tasks; the paper does not say its radius and steps.`,
      'Batch norms have running statistics during the attack; the authors’ code has those of the batch. Loss weights as in Table 2.',
    ],
    cells: scale.seeds.flatMap((seed) =>
      halves.flatMap((half) => cellsOfSeed(half, scale, seed).map((cell) => ({ rank: 70, cell }))),
    ),
    outcome: (read) => ({
      tables: halves.map((half) => tableOf(half, scale, read)),
      charts: [],
      claims: halves.flatMap((half) =>
        robustnessClaims(
          half,
          scale,
          read,
          Object.keys(half.printed.rows),
          (letters, base) =>
            `${half.task}: with adversarial training, ${letters} is better than ${base} on clean and on attacked images.`,
        ),
      ),
    }),
  };
}
