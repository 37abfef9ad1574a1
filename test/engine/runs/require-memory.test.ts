import test from 'ava';
import type { EngineError } from '../../../src/engine/errors.js';
import type { Plan } from '../../../src/engine/models/network.js';
import { requireMemory } from '../../../src/engine/runs/require-memory.js';
import type { Shape } from '../../../src/engine/tensor/shape.js';
import { modelInfo, numberInfo } from '../../support/model-info.js';

/** A network of which an example of n elements takes n MiB. */
function networkOf(change: { readonly fixedBatch?: number; readonly attackable?: boolean } = {}) {
  const { fixedBatch, attackable = true } = change;
  const info = modelInfo([numberInfo('y', { attackable })], { fixedBatch });
  const plan = async (shape: Shape): Promise<Plan> => ({
    multiplyAdds: 0,
    memoryBytes: (batchSize) => batchSize * shape.reduce((product, n) => product * n, 1) * 2 ** 20,
    outputShapes: new Map(),
  });
  return { info, plan };
}

const ask = (
  network: ReturnType<typeof networkOf>,
  budgetMiB: number,
  shapes: readonly Shape[],
  batchSize?: number,
): Promise<void> => requireMemory(network, { shapes, batchSize }, { memoryBudgetBytes: budgetMiB * 2 ** 20 });

test('one example at a time is what must fit, of every shape', async (t) => {
  const network = networkOf();
  await t.notThrowsAsync(ask(network, 6, [[2, 3], [5]]));
  const error = await t.throwsAsync<EngineError>(ask(network, 5, [[5], [2, 3]]));
  t.is(error?.code, 'MEMORY_BUDGET_EXCEEDED');
  t.is(
    error?.message,
    'expected a gradient program of at most 5 MiB, got one of about 6 MiB for 1 example of shape [2,3]',
  );
});

test('a batch that is forced, or that the graph is fixed to, must fit whole', async (t) => {
  await t.notThrowsAsync(ask(networkOf(), 8, [[2]], 4));
  await t.throwsAsync(ask(networkOf(), 7, [[2]], 4), { message: /about 8 MiB for 4 examples of shape \[2\]/ });
  await t.throwsAsync(ask(networkOf({ fixedBatch: 4 }), 7, [[2]]), { message: /about 8 MiB for 4 examples/ });
});

test('a model without any gradient is not refused for its memory', async (t) => {
  await t.notThrowsAsync(ask(networkOf({ attackable: false }), 1, [[9]]));
});
