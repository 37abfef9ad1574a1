import type { Doubt } from '../result.js';
import type { EvaluationRow } from '../row.js';

/** Share of the examples that may show something before the figure is doubted: it moves the figure by as much at most. */
const TOLERATED_SHARE = 0.05;

/** What rows alone say against the figures of their attack. */
export function doubtsOfRows(rows: readonly EvaluationRow[]): readonly Doubt[] {
  return [
    doubtOf(rows, 'ZERO_GRADIENT', (row) => warned(row, 'ZERO_GRADIENT') && !isBroken(row), 'have a gradient of 0'),
    doubtOf(
      rows,
      'NON_FINITE_GRADIENT',
      (row) => warned(row, 'NON_FINITE_GRADIENT'),
      'have an infinite or NaN gradient',
    ),
    doubtOf(rows, 'NON_FINITE_OUTPUT', hasNoNumber, 'have outputs whose metric is no finite number'),
    doubtOf(rows, 'CUT_SHORT', isCutShort, 'got fewer steps, for a deadline or a shutdown'),
  ].flatMap((doubt) => doubt ?? []);
}

function doubtOf(
  rows: readonly EvaluationRow[],
  reason: string,
  shows: (row: EvaluationRow) => boolean,
  what: string,
): Doubt | undefined {
  const count = rows.filter(shows).length;
  if (count === 0 || count <= TOLERATED_SHARE * rows.length) return undefined;
  return { reason, message: `${count} of ${rows.length} examples ${what}` };
}

const warned = ({ warnings }: EvaluationRow, reason: string): boolean => warnings.some((one) => one.reason === reason);

/** What is broken is not made to look better by a gradient that was 0 on the way. */
const isBroken = ({ tasks }: EvaluationRow): boolean =>
  tasks.some(({ attacked, broken }) => attacked && broken === true);

const hasNoNumber = ({ tasks }: EvaluationRow): boolean =>
  tasks.some(({ clean, adversarial }) => !Number.isFinite(clean.sum) || !Number.isFinite(adversarial.sum));

const isCutShort = ({ terminatedBy }: EvaluationRow): boolean =>
  terminatedBy === 'deadline' || terminatedBy === 'drain';
