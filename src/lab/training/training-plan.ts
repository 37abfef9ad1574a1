import { EngineError } from '../../engine/index.js';
import type { Checkpoint } from './checkpoint.js';
import { type OrderSettings, stepsPerEpoch } from './data/order.js';
import type { TrainingConfig } from './training-config.js';
import type { TrainingWork } from './training-work.js';

/** Steps of a whole training. */
export function stepsOf({ steps, epochs }: Pick<TrainingConfig, 'steps' | 'epochs'>, order: OrderSettings): number {
  return steps ?? Math.ceil((epochs ?? 1) * stepsPerEpoch(order));
}

/**
 * Makes sure that an epoch has a step.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when the dataset is smaller than a batch, and what fills none is left out.
 */
export function requireBatches({ size, batchSize, lastBatch }: OrderSettings): void {
  if (lastBatch === 'wrap' || size >= batchSize) return;
  throw new EngineError(
    'INVALID_CONFIG',
    `batchSize: expected at most the ${size} examples of the dataset, or lastBatch: wrap, got ${batchSize}`,
  );
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
