import { type CellPlan, cellDigest } from './cell-plan.js';
import type { Experiment } from './experiment.js';
import { type DataPlan, dataDigest, type ModelPlan, modelDigest } from './model-plan.js';

/** One thing to do. Later ones need what earlier ones made. */
export type WorkItem =
  | { readonly kind: 'data'; readonly digest: string; readonly data: DataPlan }
  | { readonly kind: 'model'; readonly digest: string; readonly model: ModelPlan }
  | { readonly kind: 'cell'; readonly digest: string; readonly cell: CellPlan };

/**
 * Everything that experiments need, each thing once: what matters most first, and before a model its scenes, before a cell its
 * model. Cells of a model that follow each other in rank stand together.
 */
export function workPlan(experiments: readonly Experiment[]): readonly WorkItem[] {
  const ranked = experiments.flatMap(({ cells }) => cells).toSorted((a, b) => a.rank - b.rank);
  const items = new Map<string, WorkItem>();
  const add = (item: WorkItem): void => {
    const key = `${item.kind}/${item.digest}`;
    if (!items.has(key)) items.set(key, item);
  };
  for (const { cell } of ranked) {
    const { model } = cell;
    add({ kind: 'data', digest: dataDigest(model.data), data: model.data });
    add({ kind: 'model', digest: modelDigest(model), model });
    add({ kind: 'cell', digest: cellDigest(cell), cell });
  }
  return [...items.values()];
}
