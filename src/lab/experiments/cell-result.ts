import type { Doubt, Provenance, Sums } from '../../engine/index.js';

/** A task under an attack. */
export interface CellTask {
  readonly task: string;
  readonly metric: string;
  readonly unit: string;
  readonly higherIsBetter: boolean;
}

/** What an attack did to each example. */
export interface AttackCellResult {
  readonly kind: 'attack';
  readonly tasks: readonly CellTask[];
  readonly examples: readonly {
    readonly key: string;
    /** By task. */
    readonly clean: Readonly<Record<string, Sums>>;
    readonly adversarial: Readonly<Record<string, Sums>>;
  }[];
  readonly skipped: number;
  readonly doubts: readonly Doubt[];
  readonly provenance: Provenance | undefined;
  /** How long it took. */
  readonly seconds: number;
}

/** Gradients at each example. */
export interface GradientCellResult {
  readonly kind: 'gradients';
  readonly examples: readonly {
    readonly key: string;
    /** ⟨r_i, r_j⟩, row-major, tasks in the order of the plan; per level squared. */
    readonly gram: readonly number[];
    /** Mean over draws of the L2 norm for each output count; empty without a sweep. */
    readonly sweep: readonly number[];
  }[];
  readonly seconds: number;
}

/** What came of a cell. */
export type CellResult = AttackCellResult | GradientCellResult;
