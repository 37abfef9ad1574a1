import type { Measured, OutcomeCell, OutcomeTable } from '../../lab/index.js';

/** A number as tables have it: two decimals, or three significant digits where it is smaller than 1. */
export const shortText = (value: number): string =>
  Math.abs(value) >= 1 ? value.toFixed(2) : String(Number(value.toPrecision(3)));

/** The interval of a number; nothing where it has none. */
export const intervalText = ({ lower, upper }: Measured): string =>
  lower === undefined || upper === undefined ? '' : `${shortText(lower)} … ${shortText(upper)}`;

/** What a number is of: images, models of different seeds, and what its interval is over. */
export const basisText = ({ examples, seeds, over }: Measured): string =>
  `n = ${examples} images, ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}, 95 % intervals over ${over === 'seeds' ? 'seeds' : 'images'}`;

/** What all numbers are of, where that is the same of all; else of each. */
export function commonBasis(measured: readonly Measured[]): string | undefined {
  const texts = new Set(measured.map(basisText));
  const [only] = texts;
  return texts.size === 1 ? only : undefined;
}

/** The numbers of ours in a table. */
export const numbersOf = ({ rows }: OutcomeTable): readonly Measured[] =>
  rows.flatMap(({ cells }) => cells.flatMap(({ ours }) => ours ?? []));

/** The column with the best number of a row, for the paper or for us; `undefined` where nothing is there. */
export function bestColumn(
  cells: readonly OutcomeCell[],
  of: (cell: OutcomeCell) => number | undefined,
  higherIsBetter: boolean,
): number | undefined {
  const values = cells.map(of);
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return undefined;
  return values.indexOf(higherIsBetter ? Math.max(...known) : Math.min(...known));
}
