import { EngineError, type ModelInfo } from '../../engine/index.js';
import type { Checkpoint } from './checkpoint.js';
import { type OrderSettings, stepsPerEpoch } from './data/order.js';
import type { TrainingConfig } from './training-config.js';
import type { TrainingWork } from './training-work.js';

/** Steps of a whole training. */
export function stepsOf({ steps, epochs }: Pick<TrainingConfig, 'steps' | 'epochs'>, order: OrderSettings): number {
  return steps ?? Math.ceil((epochs ?? 1) * stepsPerEpoch(order));
}

/**
 * Makes sure that batches can be made, and that the model takes them.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when the dataset is smaller than a batch, and what fills none is left out; or when
 *   the graph is fixed to another number of examples.
 */
export function requireBatches(
  { size, batchSize, lastBatch }: OrderSettings,
  { fixedBatch = batchSize }: Pick<ModelInfo, 'fixedBatch'>,
): void {
  const refuse = (expected: string): never => {
    throw new EngineError('INVALID_CONFIG', `batchSize: expected ${expected}, got ${batchSize}`);
  };
  if (lastBatch === 'drop' && size < batchSize) {
    refuse(`at most the ${size} examples of the dataset, or lastBatch: wrap`);
  }
  if (fixedBatch !== batchSize) refuse(`${fixedBatch}, which the graph of the model is fixed to`);
}

/**
 * What decides the weights of a training: its examples, the model that it begins with, and the configuration without what
 * only says where things are, how often somebody looks, and how much of the machine may be used.
 */
export function trainingIdentity({
  config,
  dataset,
  modelSha256,
}: Pick<TrainingWork, 'config' | 'dataset' | 'modelSha256'>): Checkpoint['identity'] {
  const {
    model,
    dataset: _place,
    validation: _looks,
    checkpoint: _saves,
    memoryMegabytes,
    threads,
    ...decisive
  } = config;
  return { ...decisive, frozen: 'frozen' in model ? model.frozen : [], model: modelSha256, dataset: dataset.digest };
}
