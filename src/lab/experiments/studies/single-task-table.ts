import type { AttackCellPlan } from '../cell-plan.js';
import { type Claim, type Comparison, judgeClaim } from '../claims.js';
import type { OutcomeTable, ReadCell } from '../experiment.js';
import type { ModelPlan } from '../model-plan.js';
import { type PrintedTable, printedValue } from '../printed/printed-table.js';
import type { Scale } from '../scales.js';
import { jointAttack } from './models.js';
import { compareModels, figureOf, gain, readAttack, sampleOf } from './samples.js';

/** One half of Table 2 or 3: a task, and the models whose main task it is. */
export interface HalfTable {
  readonly title: string;
  readonly task: string;
  readonly higherIsBetter: boolean;
  readonly printed: PrintedTable;
  readonly model: (letters: string, seed: number) => ModelPlan;
  readonly seeds: readonly number[];
}

/** The attack of a row in the text form, without its objective; `Clean` has none of its own. */
export function attackOfRow(scale: Scale, row: string): string {
  const [, name = '', steps = ''] = /^([A-Za-z]+?)(\d*)$/.exec(row) ?? [];
  const method = name.toLowerCase();
  return method === 'fgsm' ? 'fgsm(eps=4)' : `${method}(steps=${scale.steps(Number(steps))},eps=4)`;
}

const attackedRows = ({ printed }: HalfTable): readonly string[] =>
  Object.keys(printed.rows).filter((row) => row !== 'Clean');

/** The cell of a row; clean figures come with the first attack. */
function cellOf(half: HalfTable, scale: Scale, row: string, letters: string, seed: number): AttackCellPlan {
  const attacked = row === 'Clean' ? (attackedRows(half)[0] ?? '') : row;
  return {
    kind: 'attack',
    model: half.model(letters, seed),
    attack: jointAttack(attackOfRow(scale, attacked), [half.task]),
    limit: scale.attackExamples,
    seed: 0,
    subset: undefined,
  };
}

/** All cells of one seed, model after model. */
export const cellsOfSeed = (half: HalfTable, scale: Scale, seed: number): readonly AttackCellPlan[] =>
  half.printed.columns.flatMap((letters) => attackedRows(half).map((row) => cellOf(half, scale, row, letters, seed)));

/** Reads the figures of a half. */
const sampleReader =
  (half: HalfTable, scale: Scale, read: ReadCell) => (row: string, letters: string, seed: number) => {
    const result = readAttack(read, cellOf(half, scale, row, letters, seed));
    return result && sampleOf(result, half.task, row === 'Clean' ? 'clean' : 'adversarial');
  };

/** Our half beside the paper's. */
export function tableOf(half: HalfTable, scale: Scale, read: ReadCell): OutcomeTable {
  const { title, printed, higherIsBetter, seeds } = half;
  const sample = sampleReader(half, scale, read);
  return {
    title,
    unit: higherIsBetter ? 'mIoU in %' : 'absolute error',
    higherIsBetter,
    columns: printed.columns,
    rows: Object.keys(printed.rows).map((row) => ({
      label: row,
      cells: printed.columns.map((letters) => ({
        paper: printedValue(printed, row, letters),
        ours: figureOf(
          seeds.flatMap((seed) => sample(row, letters, seed) ?? []),
          higherIsBetter,
        ),
      })),
    })),
  };
}

/** For each multitask model, whether it is better than the single-task one in all of the rows. */
export function robustnessClaims(
  half: HalfTable,
  scale: Scale,
  read: ReadCell,
  rows: readonly string[],
  text: (letters: string, base: string) => string,
): readonly Claim[] {
  const [base = '', ...others] = half.printed.columns;
  const sample = sampleReader(half, scale, read);
  return others.map((letters) => {
    const comparisons = rows.map((row): Comparison => {
      const pairs = half.seeds.map((seed) => [sample(row, base, seed), sample(row, letters, seed)] as const);
      return { label: `${letters} under ${row}`, improvement: compareModels(pairs, gain(half.higherIsBetter)) };
    });
    return judgeClaim(text(letters, base), 'paper', comparisons);
  });
}

/** Whether attacks hurt more from row to row, on every model. */
export function orderClaim(half: HalfTable, scale: Scale, read: ReadCell): Claim {
  const sample = sampleReader(half, scale, read);
  const rows = Object.keys(half.printed.rows);
  const comparisons = half.printed.columns.flatMap((letters) =>
    rows.slice(1).map((row, i): Comparison => {
      const weaker = rows[i] ?? '';
      const pairs = half.seeds.map((seed) => [sample(row, letters, seed), sample(weaker, letters, seed)] as const);
      return {
        label: `${letters}: ${row} against ${weaker}`,
        improvement: compareModels(pairs, gain(half.higherIsBetter)),
      };
    }),
  );
  return judgeClaim(
    `${half.task}: each attack hurts more than the one before it (${rows.join(', ')}).`,
    'paper',
    comparisons,
  );
}
