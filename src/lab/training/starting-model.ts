import { createHash } from 'node:crypto';
import { EngineError, encodeModel, type ModelSource, readModelSource } from '../../engine/index.js';
import { networkOf } from '../networks/network-of.js';
import { versionsOf } from './model-folder.js';
import type { TrainingConfig } from './training-config.js';

/** A model that training begins with. */
export interface StartingModel {
  readonly source: ModelSource;
  /** Names of weights that stay as they are, with `*` for any text. */
  readonly frozen: readonly string[];
}

/**
 * The model that a configuration names: a new network of the lab, or a version of a repository.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when there is no such network.
 * @throws EngineError `MODEL_NOT_FOUND`, `INVALID_MODEL`. Thrown when there is no such version.
 */
export async function startingModel(model: TrainingConfig['model']): Promise<StartingModel> {
  if ('folder' in model) {
    const { folder, frozen } = model;
    const version = model.version ?? (await versionsOf(folder)).at(-1)?.toString();
    if (version === undefined)
      throw new EngineError('MODEL_NOT_FOUND', `expected a version of a model in ${folder}, got none`);
    return { source: await readModelSource(folder, version), frozen };
  }
  const { model: definition, configText, frozen } = networkOf(model);
  const { file, externalTensors } = encodeModel(definition);
  const hash = createHash('sha256').update(file);
  for (const [, bytes] of [...externalTensors].toSorted(([a], [b]) => (a < b ? -1 : 1))) hash.update(bytes);
  const parts = { file, externalFiles: externalTensors, sha256: hash.digest('hex') };
  const source = { name: model.architecture, version: '1', configText, ...parts };
  return { source, frozen };
}
