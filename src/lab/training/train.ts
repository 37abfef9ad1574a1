import { join } from 'node:path';
import type { TaskInfo, Trainable } from '../../engine/index.js';
import { type Checkpoint, readCheckpoint, requireSameTraining } from './checkpoint.js';
import type { OrderSettings } from './data/order.js';
import { openMetricsLog } from './metrics-log.js';
import { taskWeights } from './task-weights.js';
import { TrainingLoop } from './training-loop.js';
import { requireBatches, trainingIdentity } from './training-plan.js';
import type { FinishedTraining, TrainingWork } from './training-work.js';
import { openValidation, type Validation } from './validate.js';

/** Names of what a training keeps in its folder. */
export const CHECKPOINT_FILE = 'checkpoint.bin';
export const METRICS_FILE = 'metrics.jsonl';

/**
 * Trains from the checkpoint in the folder, or from the beginning, to the end. Every draw depends on seed, step and example
 * alone, so that a training that is cut off and goes on ends with the same bits. When the signal is aborted, the step that
 * runs is finished and a checkpoint written.
 *
 * @throws EngineError `INVALID_CONFIG`, `INVALID_DATASET`. Thrown when the configuration does not fit model or dataset.
 * @throws EngineError `INVALID_OPTION`. Thrown when the checkpoint is of another training; the message says what differs.
 * @throws EngineError `GRADIENT_UNAVAILABLE`. Thrown when the training diverges.
 * @throws the signal's reason. Thrown when it is aborted before the end.
 */
export async function train(work: TrainingWork): Promise<FinishedTraining> {
  const { trainable, config, dataset, folder } = work;
  const order: OrderSettings = { ...config, size: dataset.keys.length };
  requireBatches(order, trainable.info);
  const names = trainable.info.tasks.map(({ name }) => name);
  const weights = taskWeights(config.tasks, names);
  const path = join(folder, CHECKPOINT_FILE);
  const identity = trainingIdentity(work);
  const found = await readCheckpoint(path);
  if (found !== undefined) {
    requireSameTraining(found, identity, path);
    work.onProgress({ type: 'resumed', step: found.step });
  }
  const start = found ?? beginning(trainable, identity);
  const tasks = trainable.info.tasks.filter(({ name }) => weights.has(name));
  const log = await openMetricsLog(join(folder, METRICS_FILE), start.step);
  const validation = openedValidation(work, tasks);
  try {
    const setting = { work, order, weights, tasks, path, log, validation };
    return await new TrainingLoop(start, setting, log.kept).run();
  } finally {
    await log.close();
    await validation?.dispose();
  }
}

const beginning = ({ initialState }: Trainable, identity: Checkpoint['identity']): Checkpoint => ({
  identity,
  step: 0,
  seconds: 0,
  state: new Map([...initialState].map(([name, values]) => [name, values.slice()])),
  slots: new Map(),
});

function openedValidation(work: TrainingWork, tasks: readonly TaskInfo[]): Validation | undefined {
  const { config, validation, trainable } = work;
  if (validation === undefined) return undefined;
  return openValidation(trainable, validation, {
    tasks,
    batchSize: config.batchSize,
    crop: config.augment.crop,
    memoryBytes: config.memoryMegabytes * 2 ** 20,
    limit: config.validation?.limit,
  });
}
