import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, EngineError, openDataset, openTrainable, type Trainable } from '../../engine/index.js';
import { usableCores } from '../../host/index.js';
import { writeDurably } from './durable-file.js';
import { publishVersion, versionsOf } from './model-folder.js';
import { type StartingModel, startingModel } from './starting-model.js';
import { CHECKPOINT_FILE, train } from './train.js';
import type { TrainingConfig } from './training-config.js';
import type { FinishedTraining, TrainingProgress } from './training-work.js';

/** Name of what tells how a model was trained. */
export const TRAINING_FILE = 'training.json';

/** How a model was trained: what is in `training.json`. */
export interface TrainingRecord {
  readonly schemaVersion: 1;
  readonly config: TrainingConfig;
  /** SHA-256 of the files that training began with and ended with. */
  readonly startSha256: string;
  readonly sha256: string;
  readonly dataset: Pick<Dataset, 'name' | 'kind' | 'digest'> & { readonly size: number };
  /** Trained numbers of the model. */
  readonly parameters: number;
  readonly steps: number;
  /** Time of all steps. */
  readonly seconds: number;
  readonly finishedAt: string;
  /** Of the last step. */
  readonly loss: number | undefined;
  readonly losses: Readonly<Record<string, number>> | undefined;
  readonly validation:
    | Pick<NonNullable<FinishedTraining['lastValidation']>, 'examples' | 'losses' | 'scores'>
    | undefined;
}

/** A model that was trained: a version of a model repository. */
export interface TrainedModel {
  /** Folder of the model: `model.yaml`, and versions below it. */
  readonly folder: string;
  readonly version: string;
  readonly record: TrainingRecord;
}

export interface TrainModelOptions {
  /** Becomes the folder of the model; keeps checkpoint and metrics too. */
  readonly directory: string;
  readonly signal: AbortSignal;
  onProgress(progress: TrainingProgress): void;
}

/**
 * Trains a model as a configuration says: `model.yaml` and `1/model.onnx` in the directory, beside `checkpoint.bin`,
 * `metrics.jsonl` and `training.json`. Called again it goes on where it was cut off; of a finished training it does nothing more.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when the directory has a model that was not trained there.
 * @throws EngineError as `train`, `startingModel` and `openTrainable` do.
 */
export async function trainModel(
  config: TrainingConfig,
  { directory, signal, onProgress }: TrainModelOptions,
): Promise<TrainedModel> {
  const start = await startingModel(config.model);
  await requireOwnFolder(directory);
  const { trainable, dataset, ...finished } = await trainFrom(start, config, { directory, signal, onProgress });
  const { source } = start;
  const file = trainable.encode(finished.state);
  await publishVersion(directory, { version: 1, configText: source.configText, file });
  const record = trainingRecord(config, start, { file, dataset, trainable, finished });
  await writeDurably(join(directory, TRAINING_FILE), [`${JSON.stringify(record, undefined, 2)}\n`]);
  return { folder: directory, version: '1', record };
}

/** A training that came to its end, with what it was made of. */
export interface FinishedModel extends FinishedTraining {
  readonly trainable: Trainable;
  readonly dataset: Dataset;
}

/** Trains a model that is known already, and keeps checkpoint and metrics in the directory. @throws as `trainModel`. */
export async function trainFrom(
  { source, frozen }: StartingModel,
  config: TrainingConfig,
  { directory, signal, onProgress }: TrainModelOptions,
): Promise<FinishedModel> {
  const threads = config.threads ?? usableCores();
  const trainable = await openTrainable(source, { frozen, threads, allowSpinning: true });
  const { tasks } = trainable.info;
  const dataset = await openDataset(config.dataset, tasks);
  const validation = config.validation && (await openDataset(config.validation.dataset, tasks));
  const finished = await train({
    trainable,
    config,
    dataset,
    validation,
    modelSha256: source.sha256,
    folder: directory,
    signal,
    onProgress,
    now: () => performance.now(),
  });
  return { ...finished, trainable, dataset };
}

/** What tells how a model was trained. */
export function trainingRecord(
  config: TrainingConfig,
  { source }: StartingModel,
  made: {
    readonly file: Uint8Array;
    readonly dataset: Dataset;
    readonly trainable: Trainable;
    readonly finished: Omit<FinishedTraining, 'state'>;
  },
): TrainingRecord {
  const { file, dataset, trainable, finished } = made;
  const { name, kind, digest, keys } = dataset;
  const { lastValidation } = finished;
  return {
    schemaVersion: 1,
    config,
    startSha256: source.sha256,
    sha256: createHash('sha256').update(file).digest('hex'),
    dataset: { name, kind, digest, size: keys.length },
    parameters: [...trainable.parameters.values()].reduce((sum, shape) => sum + shape.reduce((n, m) => n * m, 1), 0),
    steps: finished.steps,
    seconds: finished.seconds,
    finishedAt: new Date().toISOString(),
    loss: finished.last?.loss,
    losses: finished.last?.losses,
    validation: lastValidation && {
      examples: lastValidation.examples,
      losses: lastValidation.losses,
      scores: lastValidation.scores,
    },
  };
}

/** What is there already would only be told at the end. */
async function requireOwnFolder(directory: string): Promise<void> {
  const versions = await versionsOf(directory);
  const isOurs = await access(join(directory, CHECKPOINT_FILE)).then(
    () => true,
    () => false,
  );
  if (isOurs || versions.length === 0) return;
  const text = `expected a folder of its own for the trained model, got ${directory}, which has version ${versions.join(', ')} of a model`;
  throw new EngineError('INVALID_OPTION', text);
}
