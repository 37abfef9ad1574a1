import { join } from 'node:path';
import { EngineError, openTrainable, readModelSource } from '../../engine/index.js';
import { readCheckpoint } from './checkpoint.js';
import { versionsOf } from './model-folder.js';
import { startingModel } from './starting-model.js';
import { CHECKPOINT_FILE } from './train.js';
import type { TrainingConfig } from './training-config.js';

/** A trained model as a file. */
export interface TrainedFile {
  /** Text of its `model.yaml`. */
  readonly configText: string;
  /** Bytes of `model.onnx`. */
  readonly file: Uint8Array;
  /** What it is, for people. */
  readonly described: string;
}

/**
 * A version of a trained model, or with the configuration of its training what its checkpoint holds.
 *
 * @param folder of the model
 * @throws EngineError `MODEL_NOT_FOUND`, `INVALID_MODEL`. Thrown when there is no such version, or one of several files.
 * @throws EngineError `INVALID_OPTION`. Thrown when there is no checkpoint, or one of another model.
 */
export async function trainedFile(
  folder: string,
  { version, config }: { readonly version: string | undefined; readonly config: TrainingConfig | undefined },
): Promise<TrainedFile> {
  if (config !== undefined) return await checkpointFile(folder, config);
  const chosen = version ?? (await versionsOf(folder)).at(-1)?.toString();
  if (chosen === undefined) {
    const text = `expected a version of a model in ${folder}, got none: of a training that is not finished give the configuration`;
    throw new EngineError('MODEL_NOT_FOUND', text);
  }
  const { file, externalFiles, configText } = await readModelSource(folder, chosen);
  if (externalFiles.size > 0) {
    throw new EngineError(
      'INVALID_MODEL',
      `expected a model in one file, got one with ${externalFiles.size} files beside it`,
    );
  }
  return { file, configText, described: `version ${chosen} of ${folder}` };
}

async function checkpointFile(folder: string, config: TrainingConfig): Promise<TrainedFile> {
  const path = join(folder, CHECKPOINT_FILE);
  const checkpoint = await readCheckpoint(path);
  if (checkpoint === undefined) throw new EngineError('INVALID_OPTION', `expected the checkpoint ${path}, got none`);
  const { source, frozen } = await startingModel(config.model);
  if (checkpoint.identity['model'] !== source.sha256) {
    const text = `expected ${path} to be of the model that the configuration names, got a checkpoint of another`;
    throw new EngineError('INVALID_OPTION', text);
  }
  const trainable = await openTrainable(source, { frozen, threads: 1, allowSpinning: false });
  return {
    file: trainable.encode(checkpoint.state),
    configText: source.configText,
    described: `the training in ${folder} after ${checkpoint.step} steps`,
  };
}
