import { type Dataset, EngineError, type ModelInfo, openDataset, readModelSource } from '../../engine/index.js';
import type { Lane } from '../../host/index.js';
import type { CellPlan } from './cell-plan.js';
import { laneTarget } from './lane-target.js';
import { type MeasuringContext, measureAttack } from './measure-attack.js';
import { measureGradients } from './measure-gradients.js';
import {
  type DataPlan,
  dataDigest,
  type MadeData,
  type ModelPlan,
  modelDigest,
  trainingConfigOf,
} from './model-plan.js';
import type { Store } from './store.js';
import type { Layout } from './tasks.js';
import type { WorkItem } from './work-plan.js';

/** What work is done with. */
export interface Workshop {
  readonly store: Store;
  /** Folders of the real datasets, by layout. */
  readonly dataFolders: Readonly<Partial<Record<Layout, string>>>;
  /** Where models are attacked. */
  readonly lane: Lane;
  readonly signal: AbortSignal;
  now(): number;
  /** Writes the scenes of both splits; those that are there are kept. */
  makeScenes(layout: Layout, made: MadeData, context: MakingContext): Promise<void>;
  /** Trains a model into a folder, or goes on where an earlier training stopped. */
  trainModel(config: Readonly<Record<string, unknown>>, context: MakingContext): Promise<void>;
}

export interface MakingContext {
  /** Where it goes. */
  readonly folder: string;
  readonly signal: AbortSignal;
  onProgress(done: number): void;
}

export interface WorkProgress {
  /** Place in the plan, from 0 on. */
  readonly index: number;
  readonly total: number;
  readonly item: WorkItem;
  /** Share of the item that is done, of 0 … 1. */
  readonly done: number;
  /** Whether it is in the store now: it was there before, or this run just made it. */
  readonly state: 'running' | 'made' | 'kept';
}

/** An item that could not be done. */
export interface FailedItem {
  readonly item: WorkItem;
  readonly error: unknown;
}

/**
 * Does what is missing of a plan, in its order; everything is kept as it finishes. What fails is passed over with all that needs
 * it, for one model that diverges should not cost a night of others.
 *
 * @returns what failed by itself
 * @throws the signal's reason. Thrown when it is aborted.
 */
export async function performWork(
  items: readonly WorkItem[],
  workshop: Workshop,
  onProgress: (progress: WorkProgress) => void,
): Promise<readonly FailedItem[]> {
  const loaded = new LoadedModel(workshop);
  const failed: FailedItem[] = [];
  const lost = new Set<string>();
  try {
    for (const [index, item] of items.entries()) {
      workshop.signal.throwIfAborted();
      const tell = (done: number, state: WorkProgress['state'] = 'running'): void =>
        onProgress({ index, total: items.length, item, done, state });
      const kept = await isDone(item, workshop.store);
      if (!kept && needsOf(item).some((need) => lost.has(need))) {
        lost.add(item.digest);
        continue;
      }
      try {
        if (!kept) await perform(item, workshop, loaded, tell);
        tell(1, kept ? 'kept' : 'made');
      } catch (error) {
        if (workshop.signal.aborted) throw error;
        failed.push({ item, error });
        lost.add(item.digest);
      }
    }
  } finally {
    await loaded.unload();
  }
  return failed;
}

/** Digests of what an item cannot be done without. */
function needsOf(item: WorkItem): readonly string[] {
  if (item.kind === 'data') return [];
  return item.kind === 'model' ? [dataDigest(item.model.data)] : [modelDigest(item.cell.model)];
}

/** Whether an item is in the store already. */
async function isDone(item: WorkItem, store: Store): Promise<boolean> {
  switch (item.kind) {
    case 'data':
      return item.data.made === undefined || (await store.readData(item.digest)) !== undefined;
    case 'model':
      return (await store.readModel(item.digest)) !== undefined;
    case 'cell':
      return (await store.readCell(item.digest)) !== undefined;
  }
}

async function perform(
  item: WorkItem,
  workshop: Workshop,
  loaded: LoadedModel,
  onProgress: (done: number) => void,
): Promise<void> {
  const { store, signal, now } = workshop;
  const start = now();
  const seconds = (): number => (now() - start) / 1000;
  switch (item.kind) {
    case 'data': {
      const { layout, made } = item.data;
      if (made === undefined) return;
      await workshop.makeScenes(layout, made, { folder: store.dataFolder(item.digest), signal, onProgress });
      await store.finishData(item.digest, { plan: item.data, seconds: seconds() });
      return;
    }
    case 'model': {
      const config = trainingConfigOf(item.model, rootOf(item.model.data, workshop));
      await workshop.trainModel(config, { folder: store.modelFolder(item.digest), signal, onProgress });
      await store.finishModel(item.digest, { plan: item.model, seconds: seconds() });
      return;
    }
    case 'cell':
      await store.writeCell(item.digest, item.cell, await measureCell(item.cell, workshop, loaded, onProgress));
  }
}

/** Folder of the dataset of a plan. */
function rootOf(data: DataPlan, { store, dataFolders }: Pick<Workshop, 'store' | 'dataFolders'>): string {
  if (data.made !== undefined) return store.dataFolder(dataDigest(data));
  const folder = dataFolders[data.layout];
  if (folder === undefined) {
    throw new EngineError('INVALID_OPTION', `expected a folder with the dataset ${data.layout} (--data), got none`);
  }
  return folder;
}

async function measureCell(
  cell: CellPlan,
  workshop: Workshop,
  loaded: LoadedModel,
  onProgress: (done: number) => void,
) {
  const { lane, signal } = workshop;
  const { info, dataset } = await loaded.of(cell.model);
  const context: MeasuringContext = { signal, now: workshop.now, onProgress };
  return cell.kind === 'attack'
    ? await measureAttack(cell, laneTarget(lane, info), dataset, context)
    : await measureGradients(cell, lane, info, dataset, context);
}

interface Ready {
  readonly info: ModelInfo;
  readonly dataset: Dataset;
}

/** The version that trainings write. */
const VERSION = '1';

/** The one model that the host has, with its validation split: cells of a model mostly follow each other. */
class LoadedModel {
  readonly #workshop: Workshop;
  #digest = '';
  #ready: Ready | undefined;

  constructor(workshop: Workshop) {
    this.#workshop = workshop;
  }

  async of(model: ModelPlan): Promise<Ready> {
    const digest = modelDigest(model);
    if (this.#ready !== undefined && this.#digest === digest) return this.#ready;
    await this.unload();
    const { store, lane } = this.#workshop;
    const info = await lane.load(await readModelSource(store.modelFolder(digest), VERSION));
    const root = rootOf(model.data, this.#workshop);
    const { layout } = model.data;
    const dataset = await openDataset(
      layout === 'cityscapes'
        ? { kind: layout, root, split: 'val', sources: {}, disparity: undefined }
        : { kind: layout, root, split: 'val', domains: {} },
      info.tasks,
      // The folder of the store would name it by a digest.
      { name: layout },
    );
    this.#digest = digest;
    this.#ready = { info, dataset };
    return this.#ready;
  }

  async unload(): Promise<void> {
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready !== undefined) await this.#workshop.lane.unload(ready.info);
  }
}
