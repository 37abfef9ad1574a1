import { requireFit } from '../models/memory-budget.js';
import type { Network } from '../models/network.js';
import type { MemoryQuestion } from './job.js';

/**
 * Refuses what would be refused when its program is compiled, before it waits for its turn: at the smallest batch that a run
 * would fall back to.
 *
 * @throws EngineError `MEMORY_BUDGET_EXCEEDED`. Thrown when the gradients of one of the shapes would not fit.
 * @throws EngineError `INVALID_REQUEST`. Thrown when the model does not take one of them.
 */
export async function requireMemory(
  network: Pick<Network, 'info' | 'plan'>,
  { shapes, batchSize: forced }: MemoryQuestion,
  { memoryBudgetBytes }: { readonly memoryBudgetBytes: number },
): Promise<void> {
  const { fixedBatch, tasks } = network.info;
  // What has no gradient at all is refused with a better reason.
  if (!tasks.some(({ attackable }) => attackable)) return;
  const batchSize = forced ?? fixedBatch ?? 1;
  for (const shape of shapes) {
    const plan = await network.plan(shape);
    requireFit(plan.memoryBytes(batchSize), memoryBudgetBytes, batchSize, shape);
  }
}
