import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { decodeModel, EngineError, readModelFile } from '../../engine/index.js';
import { layersModel } from '../../lab/index.js';
import { writeWhole } from '../files.js';

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

/** The text of the `model.yaml` of an ONNX model, for the same model with its channels last. */
function tfjsConfig(text: string): string {
  const config = parse(text) as { input: object; tasks: readonly { kind: string }[] };
  const tasks = config.tasks.map((task) => (task.kind === 'semantic-segmentation' ? { ...task, classAxis: -1 } : task));
  return stringify({ engine: 'tfjs', ...config, input: { ...config.input, layout: 'NHWC' }, tasks });
}

const refuseExternal = (): never => {
  throw new EngineError('INVALID_MODEL', 'expected a model in one file, got one with tensors beside it');
};
