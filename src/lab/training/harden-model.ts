import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeDurably } from './durable-file.js';
import type { StartingModel } from './starting-model.js';
import {
  TRAINING_FILE,
  type TrainingRecord,
  type TrainModelOptions,
  trainFrom,
  trainingRecord,
} from './train-model.js';
import type { TrainingConfig } from './training-config.js';

/** A model that was trained on attacks, not yet in any repository. */
export interface HardenedModel {
  /** Bytes of `model.onnx`: those of the original with other weights. */
  readonly file: Uint8Array;
  readonly sha256: string;
  readonly record: TrainingRecord;
}

/**
 * Trains a model on attacks, from the weights that its file has; called again it goes on where it was cut off. Checkpoint,
 * metrics and `training.json` are in the directory.
 *
 * @param config with `adversarial`; what it says of the model is not read
 * @throws EngineError as `trainModel`.
 */
export async function hardenModel(
  start: StartingModel,
  config: TrainingConfig,
  options: TrainModelOptions,
): Promise<HardenedModel> {
  const { trainable, dataset, ...finished } = await trainFrom(start, config, options);
  const file = trainable.encode(finished.state);
  const record = trainingRecord(config, start, { file, dataset, trainable, finished });
  await writeDurably(join(options.directory, TRAINING_FILE), [`${JSON.stringify(record, undefined, 2)}\n`]);
  return { file, sha256: createHash('sha256').update(file).digest('hex'), record };
}
