import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Example, tensorFrom } from '../../src/clients/index.js';
import { encodeModel } from '../../src/engine/onnx/encode-model.js';
import { keyedRandom } from '../../src/engine/tensor/random.js';
import { networkOf } from '../../src/lab/index.js';

/** A served network and an example of its own. */
export interface BenchNetwork {
  readonly name: string;
  readonly title: string;
  /** Folder of models, one of which has the name. */
  readonly repository: string;
  readonly tasks: readonly string[];
  readonly example: Example;
}

const root = resolve(import.meta.dirname, '../../..');
const CLASSES = 19;

/** The bundled street model and a scene of the demo. */
export async function streetNetwork(): Promise<BenchNetwork> {
  const scenes = join(root, 'demo/scenes');
  const file = (kind: string, suffix = kind) =>
    readFile(join(scenes, kind, 'val/street', `street_000000_000000_${suffix}.png`));
  const png = (data: Buffer) => ({ value: { $case: 'png' as const, value: { data } } });
  return {
    name: 'street',
    title: 'street, 64×128',
    repository: join(root, 'demo/models'),
    tasks: ['segmentation', 'depth', 'reconstruction'],
    example: {
      key: 'scene',
      input: { $case: 'encodedImage', value: await file('leftImg8bit') },
      labels: {
        segmentation: png(await file('gtFine', 'gtFine_trainIds')),
        depth: png(await file('disparity')),
      },
      extraInputs: {},
    },
  };
}

/**
 * The paper's network for Cityscapes, with random weights, and noise with random labels.
 *
 * @param folder where the model is written
 * @param side of the image, in pixels: a multiple of 8
 */
export async function drnNetwork(folder: string, side: number): Promise<BenchNetwork> {
  const version = join(folder, 'drn-d-22/1');
  await mkdir(version, { recursive: true });
  const tasks = ['segmentation', 'depth'];
  const { model, configText } = networkOf({ architecture: 'drn-d-22', tasks, decoders: 'shared', seed: 1 }, 'expected');
  await writeFile(join(folder, 'drn-d-22/model.yaml'), configText);
  const { file, externalTensors } = encodeModel(model);
  await writeFile(join(version, 'model.onnx'), file);
  for (const [name, bytes] of externalTensors) await writeFile(join(version, name), bytes);
  const draw = keyedRandom('start', 1, 'bench', 0);
  const drawn = (count: number, below: number) => Array.from({ length: count }, () => Math.floor(below * draw()));
  const positions = side ** 2;
  const label = (data: Int32Array | Float32Array) => ({
    value: { $case: 'tensor' as const, value: tensorFrom(data, [side, side]) },
  });
  return {
    name: 'drn-d-22',
    title: `DRN-D-22, ${side}×${side}`,
    repository: folder,
    tasks,
    example: {
      key: 'noise',
      input: { $case: 'tensor', value: tensorFrom(Uint8Array.from(drawn(3 * positions, 256)), [3, side, side]) },
      labels: {
        segmentation: label(Int32Array.from(drawn(positions, CLASSES))),
        depth: label(Float32Array.from(drawn(positions, 256), (value) => value / 256)),
      },
      extraInputs: {},
    },
  };
}
