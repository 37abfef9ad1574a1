/** Numbers of the paper as it prints them: mIoU in percent, depth error in its own unit. */
export interface PrintedTable {
  /** Trained tasks by their letters, the baseline first. */
  readonly columns: readonly string[];
  /** By the label of the row; `undefined` where the paper prints a dash. */
  readonly rows: Readonly<Record<string, readonly (number | undefined)[]>>;
}

/** The number that the paper prints, if any. */
export const printedValue = ({ columns, rows }: PrintedTable, row: string, column: string): number | undefined =>
  rows[row]?.[columns.indexOf(column)];
