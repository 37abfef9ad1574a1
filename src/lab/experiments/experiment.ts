import type { CellPlan } from './cell-plan.js';
import type { CellResult } from './cell-result.js';
import type { Claim } from './claims.js';
import type { Measured } from './measured.js';

/** The tables and figures of the paper that can be reproduced. */
export const EXPERIMENT_NAMES = ['table1', 'table2', 'table3', 'fig4a', 'fig4b', 'fig4c', 'fig5', 'fig7'] as const;
export type ExperimentName = (typeof EXPERIMENT_NAMES)[number];

/** What came of a cell; `undefined` where it was not measured yet. */
export type ReadCell = (cell: CellPlan) => CellResult | undefined;

/** One table or figure at one scale. */
export interface Experiment {
  readonly name: ExperimentName;
  readonly title: string;
  /** How it is set up, and where that departs from the paper: sentences. */
  readonly setting: readonly string[];
  /** All that is measured, with what matters most first: smaller ranks come before larger ones of other experiments. */
  readonly cells: readonly { readonly rank: number; readonly cell: CellPlan }[];
  /** What the measured cells say. */
  readonly outcome: (read: ReadCell) => ExperimentOutcome;
}

export interface ExperimentOutcome {
  readonly tables: readonly OutcomeTable[];
  readonly charts: readonly OutcomeChart[];
  readonly claims: readonly Claim[];
}

/** Our numbers beside the paper's. */
export interface OutcomeTable {
  readonly title: string;
  /** What its numbers are, e.g. `mIoU in %`. */
  readonly unit: string;
  readonly higherIsBetter: boolean;
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly label: string;
    readonly cells: readonly OutcomeCell[];
  }[];
}

export interface OutcomeCell {
  readonly paper: number | undefined;
  readonly ours: Measured | undefined;
}

/** A plot in the axes of the paper. */
export interface OutcomeChart {
  readonly title: string;
  readonly x: { readonly title: string; readonly scale: 'linear' | 'log' | 'names' };
  readonly y: { readonly title: string; readonly scale: 'linear' | 'log' };
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly { readonly x: number | string; readonly measured: Measured }[];
  }[];
}
