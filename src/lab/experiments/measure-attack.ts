import {
  type AttackTarget,
  type Dataset,
  type EvaluationRow,
  evaluate,
  exampleSums,
  figureTasks,
  type Provenance,
  parseSpec,
  prepareEvaluation,
  reduceEvaluation,
} from '../../engine/index.js';
import type { AttackCellPlan } from './cell-plan.js';
import type { AttackCellResult } from './cell-result.js';
import { subsetDataset } from './subset-dataset.js';

/** What measuring is surrounded by. */
export interface MeasuringContext {
  readonly signal: AbortSignal;
  /** Milliseconds since any fixed moment, never going back. */
  now(): number;
  /** Told the share that is done, of 0 … 1. */
  onProgress(done: number): void;
}

/**
 * Attacks the first examples of a dataset, and keeps what each adds to the figures.
 *
 * @throws EngineError as `evaluate` does.
 */
export async function measureAttack(
  cell: AttackCellPlan,
  target: AttackTarget,
  dataset: Dataset,
  { signal, now, onProgress }: MeasuringContext,
): Promise<AttackCellResult> {
  const start = now();
  const { model } = target;
  const ignored = model.tasks.find(({ name }) => name === cell.subset?.task)?.ignoreIndex;
  const used = cell.subset === undefined ? dataset : subsetDataset(dataset, cell.subset, cell.seed, ignored);
  const plan = {
    attacks: [parseSpec(cell.attack)],
    labelFree: false,
    seed: cell.seed,
    limit: Math.min(cell.limit, dataset.keys.length),
    shard: undefined,
    pictures: false,
    reliabilitySample: 0,
  };
  const rows: EvaluationRow[] = [];
  let skipped = 0;
  let provenance: Provenance | undefined;
  const options = { signal, now, done: () => false, checked: () => true };
  for await (const event of evaluate(target, used, plan, options)) {
    if (event.type === 'row') rows.push(event.row);
    else if (event.type === 'skipped') skipped++;
    else if (event.type === 'done') provenance = event.provenance;
    onProgress((rows.length + skipped) / plan.limit);
  }
  const { identity } = await prepareEvaluation(model, used, plan);
  const [figures] = reduceEvaluation(identity, { tasks: figureTasks(model.tasks) }, rows, { doubts: new Map() });
  return {
    kind: 'attack',
    tasks: (figures?.tasks ?? []).map(({ task, metric, unit, higherIsBetter }) => ({
      task,
      metric,
      unit,
      higherIsBetter,
    })),
    examples: exampleSums(identity, rows).map(({ key, clean, adversarial: [attacked = {}] }) => ({
      key,
      clean,
      adversarial: attacked,
    })),
    skipped,
    doubts: figures?.doubts ?? [],
    provenance,
    seconds: (now() - start) / 1000,
  };
}
