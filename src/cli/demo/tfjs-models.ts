import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeModel, EngineError, readModelFile } from '../../engine/index.js';
import { layersModel } from '../../lab/index.js';
import { writeWhole } from '../files.js';
import { tfjsConfig } from '../tfjs-config.js';

/**
 * Does something with a model repository that holds the demo's model as a LayersModel of TF.js: the same weights, channels last.
 * It is made for the occasion, and deleted after.
 *
 * @param models the demo's own repository
 */
export async function withTfjsModels<T>(models: string, work: (models: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'robustgate-demo-'));
  try {
    const { file } = await readModelFile(join(models, 'street/1/model.onnx'));
    const { modelJson, weights } = layersModel(decodeModel(file, refuseExternal));
    await writeWhole(join(folder, 'street/1/model.json'), modelJson);
    await writeWhole(join(folder, 'street/1/weights.bin'), weights);
    const config = await readFile(join(models, 'street/model.yaml'), 'utf8');
    await writeWhole(join(folder, 'street/model.yaml'), tfjsConfig(config));
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const refuseExternal = (): never => {
  throw new EngineError('INVALID_MODEL', 'expected a model in one file, got one with tensors beside it');
};
