import { EngineError, keyedRandom } from '../../../engine/index.js';
import type { TrainingConfig } from '../training-config.js';
import { type Batch, type BatchModel, batchOf, sidesOf } from './batch.js';
import type { ExampleStore, StoredExample } from './example-store.js';
import { exampleOrder, type OrderSettings } from './order.js';
import type { Window } from './window.js';

/**
 * The batch of each step: a function of the step alone. Order, crops and flips are drawn from generators keyed by seed,
 * example and epoch.
 */
export function trainingBatches(
  store: ExampleStore,
  model: BatchModel,
  settings: OrderSettings,
  augment: TrainingConfig['augment'],
): (step: number) => Promise<Batch> {
  const order = exampleOrder(settings);
  return async (step) => {
    const picks = order(step);
    const examples = await Promise.all(picks.map(({ index }) => store.read(index)));
    const rows = examples.map((example, n) => {
      const epoch = picks[n]?.epoch ?? 0;
      const window = drawWindow(example, model, augment, settings.seed, epoch);
      return { key: `${epoch}/${example.key}`, example, window };
    });
    return batchOf(rows, model);
  };
}

/** What of an example an epoch sees; `undefined` means all of it, as it is. */
function drawWindow(
  example: StoredExample,
  { info }: BatchModel,
  { crop, flip }: TrainingConfig['augment'],
  seed: number,
  epoch: number,
): Window | undefined {
  if (crop === undefined && !flip) return undefined;
  const sides = sidesOf(example.shape, info.input);
  if (sides === undefined)
    throw new EngineError('INVALID_CONFIG', 'augment: expected images, got features, which are not cut or mirrored');
  const [height, width] = crop ?? sides;
  if (height > sides[0] || width > sides[1]) {
    const text = `${example.key}: expected an image of at least ${height} × ${width} to cut from, got ${sides.join(' × ')}`;
    throw new EngineError('INVALID_DATASET', text);
  }
  const random = keyedRandom('augment', seed, example.key, epoch);
  // All three are drawn whatever is asked for: whether images are mirrored does not depend on how they are cut.
  const [isFlipped, top, left] = [random() < 0.5, random(), random()];
  return {
    top: Math.floor(top * (sides[0] - height + 1)),
    left: Math.floor(left * (sides[1] - width + 1)),
    height,
    width,
    isFlipped: flip && isFlipped,
  };
}
