import test from 'ava';
import { loadNetwork } from '../../../src/engine/models/load-network.js';
import type { GradientProgram, Network } from '../../../src/engine/models/network.js';
import { encodeModel } from '../../../src/engine/onnx/encode-model.js';
import { float32Of } from '../../../src/engine/onnx/tensor-value.js';
import { keyedRandom } from '../../../src/engine/tensor/random.js';
import { type Shape, sizeOf } from '../../../src/engine/tensor/shape.js';
import type { Tensor } from '../../../src/engine/tensor/tensor.js';
import { networkOf } from '../../../src/lab/networks/network-of.js';

const SEED = 1;
const drnD22 = (seed: number) =>
  networkOf({ architecture: 'drn-d-22', tasks: ['segmentation', 'depth'], decoders: 'shared', seed }, 'expected');
const { model, configText } = drnD22(SEED);

/** Numbers of parameters: Yu et al., and the tasks' own parts as in the code of the multitask paper. */
const published: Readonly<Record<string, number>> = {
  layer0: 2384,
  layer1: 2336,
  layer2: 4672,
  layer3: 131_712,
  layer4: 525_568,
  layer5: 2_099_712,
  layer6: 8_393_728,
  layer7: 2_360_320,
  layer8: 2_360_320,
  'segmentation.head': 9747,
  'depth.head': 513,
};
for (const [layer, count] of Object.entries(published)) {
  test(`${layer} has ${count} parameters, as published`, (t) => {
    const own = [...model.graph.initializers].filter(
      ([name]) => name.startsWith(`${layer}.`) && !/running_(mean|var)$/.test(name),
    );
    t.is(
      own.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0),
      count,
    );
  });
}

test('the upsampling weights are those of bilinear interpolation, the same for every channel', (t) => {
  const kernel = model.graph.initializers.get('segmentation.up.weight');
  t.deepEqual(kernel?.shape, [19, 1, 16, 16]);
  const values = kernel === undefined ? new Float32Array() : float32Of(kernel);
  t.deepEqual(
    [...values.subarray(0, 3)],
    [1, 3, 5].map((x) => x / 256),
  );
  t.is(values[7 * 16 + 8], (15 / 16) ** 2);
  t.deepEqual(values.subarray(18 * 256), values.subarray(0, 256));
});

test('weights depend on the seed and on nothing else', (t) => {
  const weights = (seed: number) => drnD22(seed).model.graph.initializers.get('layer4.1.conv2.weight')?.bytes;
  t.deepEqual(weights(SEED), model.graph.initializers.get('layer4.1.conv2.weight')?.bytes);
  t.notDeepEqual(weights(SEED + 1), weights(SEED));
});

let network: Network;
test.before(async () => {
  const { file, externalTensors } = encodeModel(model);
  network = await loadNetwork(
    {
      name: 'drn-d-22',
      version: '1',
      configText,
      file,
      externalFiles: externalTensors,
      sha256: 'not read here',
    },
    { role: 'attack', runtime: { threads: 2, allowSpinning: false }, memoryBudgetBytes: 2 ** 31 },
  );
});
test.after.always(() => network?.dispose());

const drawn = (shape: Shape, key: string, make: (draw: number) => number): Tensor => {
  const draw = keyedRandom('start', SEED, key, 0);
  return { data: Float32Array.from({ length: sizeOf(shape) }, () => make(draw())), shape };
};
const noise = (shape: Shape): Tensor => drawn(shape, 'pixels', (x) => 255 * x);

for (const [height, width] of [
  [32, 64],
  [72, 40],
] as const) {
  test(`an image of ${height}×${width} gives maps of its own size, and classes that are neither flat nor settled`, async (t) => {
    const outputs = await network.predict(noise([2, 3, height, width]), new Map());
    t.deepEqual(outputs.get('segmentation')?.shape, [2, 19, height, width]);
    t.deepEqual(outputs.get('depth')?.shape, [2, 1, height, width]);
    const dataOf = (task: string): Float32Array => outputs.get(task)?.data ?? new Float32Array();
    const [classes, depth] = [dataOf('segmentation'), dataOf('depth')];
    const mean = (values: Float32Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;
    t.true(Math.abs(19 * mean(classes.map(Math.exp)) - 1) < 1e-4, 'probabilities of a position add up to 1');
    const entropy = -19 * mean(classes.map((x) => x * Math.exp(x)));
    t.true(entropy > 0.2 && entropy < 0.995 * Math.log(19), `got an entropy of ${entropy} nats`);
    const size = Math.sqrt(mean(depth.map((x) => x * x)));
    t.true(size > 0.1 && size < 10, `got depths of size ${size}`);
  });
}

const objectives: readonly (readonly [name: string, weights: readonly [segmentation: number, depth: number]])[] = [
  ['segmentation', [1, 0]],
  ['depth', [0, 1]],
  ['segmentation and depth', [1, 1]],
];
for (const [name, weights] of objectives) {
  test(`the gradient of ${name} is the slope that central differences see`, async (t) => {
    const shape = [1, 3, 32, 64];
    const program = await network.program({
      tasks: [
        { task: 'segmentation', loss: 'cross-entropy' },
        { task: 'depth', loss: 'mse' },
      ],
      inputShape: shape.slice(1),
      batchSize: 1,
    });
    const pixels = noise(shape);
    const { objective, gradient } = await evaluate(program, pixels, weights);
    const length = Math.sqrt(gradient.data.reduce((sum, slope) => sum + slope * slope, 0));
    t.true(length > 0);
    // Short enough that few rectifiers change sides, and long enough that float32 losses differ in many digits.
    const step = (1e-4 * objective) / length;
    const at = async (sign: number): Promise<number> => {
      const data = pixels.data.map((level, i) => level + (sign * step * (gradient.data[i] as number)) / length);
      return (await evaluate(program, { data, shape }, weights)).objective;
    };
    const measured = ((await at(1)) - (await at(-1))) / (2 * step);
    t.true(Math.abs(measured - length) < 0.01 * length, `got a slope of ${measured}, expected ${length}`);
  });
}

async function evaluate(program: GradientProgram, pixels: Tensor, weights: readonly [number, number]) {
  const [, , height = 0, width = 0] = pixels.shape;
  const map = [1, height, width];
  const { losses, gradient } = await program.run({
    pixels,
    extraInputs: new Map(),
    weights: Float32Array.from(weights),
    isBalanced: false,
    labels: new Map([
      ['segmentation', drawn(map, 'classes', (x) => Math.floor(19 * x)).data],
      ['depth', drawn(map, 'depths', (x) => x).data],
    ]),
    valid: new Map(['segmentation', 'depth'].map((task) => [task, new Uint8Array(height * width).fill(1)])),
  });
  return { objective: weights.reduce((sum, weight, i) => sum + weight * (losses.data[i] as number), 0), gradient };
}
