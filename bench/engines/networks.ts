import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import {
  attributesOf,
  decodeModel,
  float32Tensor,
  keyedRandom,
  type ModelDef,
  type ModelSource,
  type NodeDef,
  type Shape,
  type TensorValue,
} from '../../src/engine/index.js';
import { encodeModel } from '../../src/engine/onnx/encode-model.js';
import { sizeOf } from '../../src/engine/tensor/shape.js';
import { layersModel } from '../../src/lab/index.js';

/** A network for both engines. */
export interface Twins {
  readonly name: string;
  readonly onnx: ModelSource;
  readonly tfjs: ModelSource;
}

const root = resolve(import.meta.dirname, '../../..');

/** The demo's model: three heads over small convolutions, four of them dilated. */
export async function street(): Promise<Twins> {
  const file = await readFile(resolve(root, 'demo/models/street/1/model.onnx'));
  const config = await readFile(resolve(root, 'demo/models/street/model.yaml'), 'utf8');
  const decoded = decodeModel(file, () => {
    throw new Error('expected a model in one file');
  });
  return twins('street, 64×128', decoded, { file, externalFiles: new Map() }, config);
}

/** A classifier as large as useful ones are: 12 convolutions of 64 channels at 64×64, 1.9 G multiplications. */
export function residual(): Twins {
  const [nodes, initializers] = [[] as NodeDef[], new Map<string, TensorValue>()];
  const random = keyedRandom('start', 1, 'weights', 0);
  const weight = (name: string, shape: Shape, scale: number): string => {
    const values = new Float32Array(sizeOf(shape)).map(() => scale * (2 * random() - 1));
    initializers.set(name, float32Tensor(values, shape));
    return name;
  };
  const add = (opType: string, inputs: readonly string[], attributes = {}): string => {
    const output = `${opType}_${nodes.length}`;
    nodes.push({ opType, domain: '', name: output, inputs, outputs: [output], attributes: attributesOf(attributes) });
    return output;
  };
  const convolve = (input: string, name: string, from: number, stride: number): string => {
    const kernel = weight(name, [64, from, 3, 3], Math.sqrt(2 / (9 * from)));
    return add('Conv', [input, kernel], { pads: [1, 1, 1, 1], strides: [stride, stride] });
  };
  let x = add('Relu', [convolve('image', 'stem', 3, 2)]);
  for (let block = 0; block < 6; block++) {
    const inner = add('Relu', [convolve(x, `w${block}a`, 64, 1)]);
    x = add('Relu', [add('Add', [convolve(inner, `w${block}b`, 64, 1), x])]);
  }
  const pooled = add('Flatten', [add('GlobalAveragePool', [x])]);
  add('Gemm', [pooled, weight('head', [64, 10], 0.1), weight('bias', [10], 0.1)]);
  const model: ModelDef = {
    irVersion: 8,
    opsets: new Map([['', 18]]),
    graph: {
      name: 'residual',
      inputs: [{ name: 'image', dataType: 'float32', shape: ['N', 3, 128, 128] }],
      outputs: [{ name: nodes.at(-1)?.name ?? '', dataType: 'float32', shape: ['N', 10] }],
      nodes,
      initializers,
    },
    functions: [],
    producer: 'robustgate',
  };
  const { file, externalTensors } = encodeModel(model);
  const config = `input: { kind: image, mean: 0.5, std: 0.25 }\ntasks: [{ name: class, kind: classification, output: ${nodes.at(-1)?.name} }]`;
  return twins('residual, 128×128', model, { file, externalFiles: externalTensors }, config);
}

function twins(
  name: string,
  model: ModelDef,
  files: Pick<ModelSource, 'file' | 'externalFiles'>,
  configText: string,
): Twins {
  const { modelJson, weights } = layersModel(model);
  const config = parse(configText);
  const tasks = config.tasks.map((task: { kind: string }) => ({
    ...task,
    ...(task.kind === 'semantic-segmentation' && { classAxis: -1 }),
  }));
  const known = { name: 'bench', version: '1', sha256: '' };
  return {
    name,
    onnx: { ...known, ...files, configText },
    tfjs: {
      ...known,
      file: Buffer.from(modelJson),
      externalFiles: new Map([['weights.bin', weights]]),
      configText: stringify({ ...config, engine: 'tfjs', input: { ...config.input, layout: 'NHWC' }, tasks }),
    },
  };
}
