// Gradients of a few models on a provider: `node provider-gradients.js PROVIDER` prints them as JSON.
import { loadNetwork } from '../../src/engine/models/load-network.js';
import type { ModelSource } from '../../src/engine/models/model-source.js';
import { encodeModel } from '../../src/engine/onnx/encode-model.js';
import { keyedRandom } from '../../src/engine/tensor/random.js';
import { type Shape, sizeOf, withoutAxes } from '../../src/engine/tensor/shape.js';
import { floats, model, node, randomFloats, untyped, value } from './models.js';
import { sourceOf } from './small-models.js';
import { streetSource } from './street.js';

/** What a model gave on a provider. */
export interface Gradient {
  readonly provider: string;
  readonly fallbacks: readonly string[];
  readonly losses: readonly number[];
  readonly gradient: readonly number[];
}

const BATCH = 2;

const image = (size: number, task: string): string =>
  `input: { kind: image, std: 0.25, mean: 0.5, size: [${size}, ${size}] }\ntasks: [{ ${task} }]`;

/** Convolutions, a pool whose gradient needs indices, a mean and a product. */
const pooled = (): ModelSource =>
  sourceOf(
    encodeModel(
      model({
        inputs: [value('x', 'float32', ['N', 3, 12, 12])],
        outputs: [value('y', 'float32', ['N', 5])],
        nodes: [
          node('Conv', 'x w1 b1', 'c1', { pads: [1, 1, 1, 1] }),
          node('Relu', 'c1', 'r1'),
          node('MaxPool', 'r1', 'p1', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
          node('Conv', 'p1 w2', 'c2', { group: 2, strides: [2, 2] }),
          node('Sigmoid', 'c2', 's2'),
          node('GlobalAveragePool', 's2', 'g'),
          node('Flatten', 'g', 'f'),
          node('Gemm', 'f w3 b3', 'y'),
        ],
        initializers: {
          w1: randomFloats([4, 3, 3, 3], 'w1'),
          b1: randomFloats([4], 'b1'),
          w2: randomFloats([6, 2, 3, 3], 'w2'),
          w3: randomFloats([6, 5], 'w3'),
          b3: randomFloats([5], 'b3'),
        },
      }),
    ).file,
    image(12, 'name: y, kind: classification'),
  );

/** A depthwise convolution with two outputs per channel, whose derivative WebGPU gets wrong, and the ways back up. */
const dense = (): ModelSource =>
  sourceOf(
    encodeModel(
      model({
        inputs: [value('x', 'float32', ['N', 3, 12, 12])],
        outputs: [untyped('y')],
        nodes: [
          node('Conv', 'x w1', 'c1', { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] }),
          node('LeakyRelu', 'c1', 'r1'),
          node('ConvTranspose', 'r1 w2', 't', { strides: [2, 2] }),
          node('Resize', 't - scales', 'y', { mode: 'linear' }),
        ],
        initializers: {
          w1: randomFloats([6, 1, 3, 3], 'w1'),
          w2: randomFloats([6, 4, 2, 2], 'w2'),
          scales: floats([1, 1, 1.5, 1.25]),
        },
      }),
    ).file,
    image(12, 'name: y, kind: semantic-segmentation'),
  );

/** What transformers are made of. */
const attention = (): ModelSource =>
  sourceOf(
    encodeModel(
      model({
        inputs: [value('x', 'float32', ['N', 6, 8])],
        outputs: [value('y', 'float32', ['N', 6, 8])],
        nodes: [
          node('MatMul', 'x wq', 'q'),
          node('Transpose', 'x', 'k', { perm: [0, 2, 1] }),
          node('MatMul', 'q k', 'scores'),
          node('Softmax', 'scores', 'a'),
          node('MatMul', 'a x', 'v'),
          node('Add', 'v x', 'sum'),
          node('LayerNormalization', 'sum scale', 'n'),
          node('Erf', 'n', 'e'),
          node('Mul', 'n e', 'y'),
        ],
        initializers: { wq: randomFloats([8, 8], 'wq'), scale: randomFloats([8], 'scale') },
      }),
    ).file,
    'input: { kind: features, range: [-2, 2] }\ntasks: [{ name: y, kind: regression, loss: mse }]',
  );

const SOURCES: Readonly<Record<string, () => ModelSource>> = { pooled, dense, attention, street: streetSource };

export type Gradients = Readonly<Record<string, Gradient>>;

/** The gradients of all tasks at random pixels, of all models at once. */
export async function providerGradients(provider: string): Promise<Gradients> {
  const entries = Object.entries(SOURCES).map(
    async ([name, source]) => [name, await gradientOf(source(), provider)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function gradientOf(source: ModelSource, provider: string): Promise<Gradient> {
  const configText = `providers: [${provider}]\n${source.configText}`;
  const runtime = { threads: 1, allowSpinning: false };
  const network = await loadNetwork({ ...source, configText }, { role: 'attack', runtime, memoryBudgetBytes: 2 ** 30 });
  try {
    const { tasks, input, provider: used, providerFallbacks: fallbacks } = network.info;
    const inputShape = input.shape.map((length, axis) => (length === -1 ? 64 * axis : length));
    const { outputShapes } = await network.plan(inputShape);
    const labels = tasks.map(({ name, labelForm, classAxis }): [string, Shape] => {
      const shape = outputShapes.get(name) ?? [];
      return [name, [BATCH, ...(labelForm === 'numbers' ? shape : withoutAxes(shape, [classAxis]))]];
    });
    const program = await network.program({
      tasks: tasks.map(({ name, loss }) => ({ task: name, loss })),
      inputShape,
      batchSize: BATCH,
    });
    const shape = [BATCH, ...inputShape];
    const random = keyedRandom('start', 1, 'pixels', 0);
    const { losses, gradient } = await program.run({
      pixels: { data: new Float32Array(sizeOf(shape)).map(() => 255 * random()), shape },
      extraInputs: new Map(),
      weights: new Float32Array(BATCH * tasks.length).fill(1),
      isBalanced: false,
      labels: new Map(labels.map(([name, label]) => [name, new Float32Array(sizeOf(label)).fill(1)])),
      valid: new Map(labels.map(([name, label]) => [name, new Uint8Array(sizeOf(label)).fill(1)])),
    });
    return { provider: used, fallbacks, losses: [...losses.data], gradient: [...gradient.data] };
  } finally {
    await network.dispose();
  }
}

const [, script, asked] = process.argv;
if (script === import.meta.filename && asked !== undefined)
  process.stdout.write(JSON.stringify(await providerGradients(asked)));
