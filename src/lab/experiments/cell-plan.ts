import { digestOf } from './digest.js';
import { type ModelPlan, modelDigest, modelText } from './model-plan.js';

/** A part of the output that alone is attacked and judged, drawn at random for each example (Fig. 4b). */
export interface OutputSubset {
  readonly task: string;
  /** How many of the positions that count. */
  readonly positions: number;
  /** Which draw, from 0 on. */
  readonly draw: number;
}

/** An attack on a model over the first examples of its validation split. */
export interface AttackCellPlan {
  readonly kind: 'attack';
  readonly model: ModelPlan;
  /** Text form, e.g. `pgd(steps=50,eps=4)@sum(segmentation=1)`. */
  readonly attack: string;
  /** Number of examples. */
  readonly limit: number;
  /** Of random starts, and of subsets. */
  readonly seed: number;
  readonly subset: OutputSubset | undefined;
}

/** Gradients of a model at clean examples. */
export interface GradientCellPlan {
  readonly kind: 'gradients';
  readonly model: ModelPlan;
  readonly tasks: readonly string[];
  readonly limit: number;
  readonly seed: number;
  /** Norms over random subsets of the output of the first task (Fig. 4a). */
  readonly sweep: { readonly outputCounts: readonly number[]; readonly draws: number } | undefined;
}

/** Something to measure on a model. */
export type CellPlan = AttackCellPlan | GradientCellPlan;

/** Raise it when the same cell means another measurement. */
const CELL_VERSION = 1;

/** Name of a cell in a store: of all that decides it. */
export const cellDigest = ({ model, ...rest }: CellPlan): string =>
  digestOf({ version: CELL_VERSION, model: modelDigest(model), ...rest });

/** A cell for people. */
export function cellText(cell: CellPlan): string {
  const what =
    cell.kind === 'gradients'
      ? `gradients of ${cell.tasks.join(', ')}`
      : `${cell.attack}${cell.subset === undefined ? '' : ` on ${cell.subset.positions} outputs`}`;
  return `${what} of ${modelText(cell.model)}`;
}
