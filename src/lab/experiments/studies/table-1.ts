import type { AttackCellPlan } from '../cell-plan.js';
import { type Comparison, judgeClaim } from '../claims.js';
import type { Experiment, OutcomeTable, ReadCell } from '../experiment.js';
import { type PrintedTable, printedValue } from '../printed/printed-table.js';
import { TABLE_1_DEPTH, TABLE_1_SEGMENTATION } from '../printed/table-1.js';
import type { Scale } from '../scales.js';
import { tasksOf } from '../tasks.js';
import { cityscapesModel, jointAttack } from './models.js';
import { compareModels, figureOf, gain, readAttack, sampleOf } from './samples.js';

/** One half: a task in all models that have it. */
interface Half {
  readonly title: string;
  readonly task: string;
  readonly higherIsBetter: boolean;
  readonly printed: PrintedTable;
}

const HALVES: readonly Half[] = [
  { title: 'Segmentation', task: 'segmentation', higherIsBetter: true, printed: TABLE_1_SEGMENTATION },
  { title: 'Depth', task: 'depth', higherIsBetter: false, printed: TABLE_1_DEPTH },
];

/** Attacks on all tasks of a model: rows, the paper's number that each stands beside, and who asks for it. */
interface Row {
  readonly label: string;
  readonly printed: string | undefined;
  readonly steps: number;
  readonly combination: 'sum' | 'balanced';
}

/** The paper's rule for ε 4 gives 5 steps: min(ε + 4, ⌈1.25 ε⌉). */
const ROWS: readonly Row[] = [
  { label: 'PGD5, sum', printed: 'PGD', steps: 5, combination: 'sum' },
  { label: 'PGD50, sum', printed: undefined, steps: 50, combination: 'sum' },
  { label: 'PGD50, balanced', printed: undefined, steps: 50, combination: 'balanced' },
];

function cellOf(scale: Scale, letters: string, { steps, combination }: Row, seed: number): AttackCellPlan {
  const tasks = tasksOf('cityscapes', letters);
  // Of one loss, the sign of the balanced gradient is that of the plain one.
  const used = tasks.length === 1 ? 'sum' : combination;
  return {
    kind: 'attack',
    model: cityscapesModel(scale, 'multitask', letters, { seed, equally: true }),
    attack: jointAttack(`pgd(steps=${scale.steps(steps)},eps=4)`, tasks, used),
    limit: scale.attackExamples,
    seed: 0,
    subset: undefined,
  };
}

/** Table 1: tasks trained equally, and attacked together. */
export function table1(scale: Scale): Experiment {
  const columns = [...new Set(HALVES.flatMap(({ printed }) => printed.columns))];
  return {
    name: 'table1',
    title: 'Table 1: multitask models under multitask attacks',
    setting: [
      `${scale.architectures.multitask}; all tasks count equally; all tasks of a model are attacked together, L∞ 4/255.`,
      'The paper does not say how many steps its PGD has: 5 by its rule for ε 4, and 50 beside it.',
      'The balanced attack follows the sum of gradients divided by their losses, so that no task drowns the others: the objection of “Attacking All Tasks at Once” (arXiv 2305.12066). For a single task it is the same as the sum.',
    ],
    cells: scale.seeds.flatMap((seed) =>
      columns.flatMap((letters) => ROWS.map((row) => ({ rank: 40, cell: cellOf(scale, letters, row, seed) }))),
    ),
    outcome: (read) => ({
      tables: HALVES.map((half) => tableOf(half, scale, read)),
      charts: [],
      claims: HALVES.flatMap((half) => claimsOf(half, scale, read)),
    }),
  };
}

const sampleReader =
  ({ task }: Half, scale: Scale, read: ReadCell) =>
  (letters: string, row: Row, seed: number, isClean = false) => {
    const result = readAttack(read, cellOf(scale, letters, row, seed));
    return result && sampleOf(result, task, isClean ? 'clean' : 'adversarial');
  };

function tableOf(half: Half, scale: Scale, read: ReadCell): OutcomeTable {
  const { title, printed, higherIsBetter } = half;
  const sample = sampleReader(half, scale, read);
  const [first] = ROWS as readonly [Row];
  const row = (label: string, paper: string | undefined, source: Row, isClean: boolean) => ({
    label,
    cells: printed.columns.map((letters) => ({
      paper: paper === undefined ? undefined : printedValue(printed, paper, letters),
      ours: figureOf(
        scale.seeds.flatMap((seed) => sample(letters, source, seed, isClean) ?? []),
        higherIsBetter,
      ),
    })),
  });
  return {
    title,
    unit: higherIsBetter ? 'mIoU in %' : 'absolute error',
    higherIsBetter,
    columns: printed.columns,
    rows: [row('Clean', 'Clean', first, true), ...ROWS.map((one) => row(one.label, one.printed, one, false))],
  };
}

function claimsOf(half: Half, scale: Scale, read: ReadCell) {
  const { task, higherIsBetter, printed } = half;
  const [base = '', ...others] = printed.columns;
  const sample = sampleReader(half, scale, read);
  const against = (row: Row): readonly Comparison[] =>
    others.map((letters) => ({
      label: `${letters} against ${base} under ${row.label}`,
      improvement: compareModels(
        scale.seeds.map((seed) => [sample(base, row, seed), sample(letters, row, seed)] as const),
        gain(higherIsBetter),
      ),
    }));
  const plain = ROWS.filter(({ combination }) => combination === 'sum');
  const [strong, balanced] = ROWS.slice(1) as [Row, Row];
  return [
    judgeClaim(
      `${task}: multitask models are more robust than the single-task one when all of their tasks are attacked.`,
      'paper',
      plain.flatMap(against),
    ),
    judgeClaim(
      `${task}: they still are under the balanced attack, which no task dominates.`,
      'later work',
      against(balanced),
    ),
    judgeClaim(
      `${task}: on multitask models the balanced attack hurts more than the plain sum, which then flatters them.`,
      'later work',
      others.map((letters) => ({
        label: `${letters}: balanced against sum`,
        improvement: compareModels(
          scale.seeds.map((seed) => [sample(letters, balanced, seed), sample(letters, strong, seed)] as const),
          gain(higherIsBetter),
        ),
      })),
    ),
  ];
}
