import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../training/durable-file.js';
import type { CellPlan } from './cell-plan.js';
import type { CellResult } from './cell-result.js';
import type { DataPlan, ModelPlan } from './model-plan.js';

/** That something is there as a whole, with what it is and how long it took. */
export interface Finished<Plan> {
  readonly plan: Plan;
  readonly seconds: number;
}

/**
 * What was made and measured, below one folder: scenes, models and cells, each under the digest of all that decides it. A model is
 * finished when its marker is there, a cell is one file; both appear whole, so that a run that is killed loses only what it was at.
 */
export interface Store {
  readonly folder: string;
  dataFolder(digest: string): string;
  modelFolder(digest: string): string;
  readData(digest: string): Promise<Finished<DataPlan> | undefined>;
  readModel(digest: string): Promise<Finished<ModelPlan> | undefined>;
  readCell(digest: string): Promise<CellResult | undefined>;
  finishData(digest: string, finished: Finished<DataPlan>): Promise<void>;
  finishModel(digest: string, finished: Finished<ModelPlan>): Promise<void>;
  writeCell(digest: string, cell: CellPlan, result: CellResult): Promise<void>;
}

const MARKER = 'finished.json';

/** The store in a folder, which is made when something is written. */
export function openStore(folder: string): Store {
  const dataFolder = (digest: string): string => join(folder, 'data', digest);
  const modelFolder = (digest: string): string => join(folder, 'models', digest);
  const cellPath = (digest: string): string => join(folder, 'cells', `${digest}.json`);
  return {
    folder,
    dataFolder,
    modelFolder,
    readData: (digest) => readJson<Finished<DataPlan>>(join(dataFolder(digest), MARKER)),
    readModel: (digest) => readJson<Finished<ModelPlan>>(join(modelFolder(digest), MARKER)),
    async readCell(digest) {
      const found = await readJson<{ readonly result: CellResult }>(cellPath(digest));
      return found?.result;
    },
    finishData: (digest, finished) => writeJson(join(dataFolder(digest), MARKER), finished),
    finishModel: (digest, finished) => writeJson(join(modelFolder(digest), MARKER), finished),
    writeCell: (digest, cell, result) => writeJson(cellPath(digest), { cell, result }),
  };
}

/** What our own file says; `undefined` where there is none. */
async function readJson<Value>(path: string): Promise<Value | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text) as Value;
}

const writeJson = (path: string, value: unknown): Promise<void> => writeDurably(path, [`${JSON.stringify(value)}\n`]);
