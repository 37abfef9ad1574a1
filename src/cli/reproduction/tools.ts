import { startHosts, usableCores } from '../../host/index.js';
import { parseTrainingConfig, trainModel, type Workshop, writeScenes } from '../../lab/index.js';
import type { WorkshopTools } from './run-reproduction.js';

export interface ToolOptions {
  /** Default: the cores that may be used. */
  readonly threads: number | undefined;
  readonly signal: AbortSignal;
  /** Told what somebody should know. */
  log(text: string): void;
}

/** Most memory that the gradient programs of a model may take. */
const MEMORY_BUDGET_BYTES = 2 ** 32;

/** Runs what needs a host process, scenes and a trainer, and ends the process afterwards. */
export async function withTools<Result>(
  { threads = usableCores(), signal, log }: ToolOptions,
  use: (tools: WorkshopTools) => Promise<Result>,
): Promise<Result> {
  const hosts = startHosts({
    hosts: 'shared',
    threads,
    memoryBudgetBytes: MEMORY_BUDGET_BYTES,
    log: (level, message) => (level === 'info' ? undefined : log(message)),
  });
  try {
    return await use({
      lane: hosts.attack,
      signal,
      now: () => performance.now(),
      makeScenes: sceneMaker(threads),
      trainModel: modelTrainer(threads),
    });
  } finally {
    await hosts.close();
  }
}

const sceneMaker =
  (threads: number): Workshop['makeScenes'] =>
  async (layout, { seed, height, width, train, validation }, { folder: root, signal, onProgress }) => {
    const kind = layout === 'cityscapes' ? 'street' : 'indoor';
    const total = train + validation;
    const splits = [
      { split: 'train', count: train, before: 0 },
      { split: 'val', count: validation, before: train },
    ] as const;
    for (const { split, count, before } of splits) {
      const request = { kind, seed, split, height, width, world: 'plain' } as const;
      for await (const { done } of writeScenes(request, { root, count, threads, signal })) {
        onProgress((before + done) / total);
      }
    }
  };

const modelTrainer =
  (threads: number): Workshop['trainModel'] =>
  async (config, { folder: directory, signal, onProgress }) => {
    await trainModel(parseTrainingConfig({ ...config, threads }), {
      directory,
      signal,
      onProgress: (progress) => {
        if (progress.type === 'step') onProgress(progress.record.step / progress.total);
      },
    });
  };
