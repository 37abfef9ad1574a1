import test from 'ava';
import { loadNetwork } from '../../../src/engine/models/load-network.js';
import type { ModelSource } from '../../../src/engine/models/model-source.js';
import type { Network } from '../../../src/engine/models/network.js';
import { encodeModel } from '../../../src/engine/onnx/encode-model.js';
import { keyedRandom } from '../../../src/engine/tensor/random.js';
import { type Shape, sizeOf } from '../../../src/engine/tensor/shape.js';
import type { Tensor } from '../../../src/engine/tensor/tensor.js';
import type { NetworkSpec } from '../../../src/lab/networks/lab-network.js';
import { networkOf } from '../../../src/lab/networks/network-of.js';
import { channelsLast, relativeDistance, twinOf } from '../../support/tfjs.js';

const OPTIONS = { role: 'attack', runtime: { threads: 1, allowSpinning: false }, memoryBudgetBytes: 2 ** 32 } as const;

const drawn = (shape: Shape, key: string): Tensor => {
  const draw = keyedRandom('start', 1, key, 0);
  return { data: new Float32Array(sizeOf(shape)).map(draw), shape };
};

/** Outputs of each task, and the gradient of each regression, channels last. */
async function computed(source: ModelSource, pixels: Tensor, labels: ReadonlyMap<string, Tensor>, isLast: boolean) {
  const network: Network = await loadNetwork(source, OPTIONS);
  const layout = (tensor: Tensor): Tensor => (isLast ? channelsLast(tensor) : tensor);
  const back = (tensor: Tensor): Tensor => (isLast ? tensor : channelsLast(tensor));
  const input = layout(pixels);
  const results = new Map([...(await network.predict(input, new Map()))].map(([name, tensor]) => [name, back(tensor)]));
  for (const [task, label] of labels) {
    const inputShape = input.shape.slice(1);
    const program = await network.program({ tasks: [{ task, loss: 'mse' }], inputShape, batchSize: 1 });
    const { gradient } = await program.run({
      pixels: input,
      extraInputs: new Map(),
      weights: Float32Array.of(1),
      isBalanced: false,
      labels: new Map([[task, layout(label).data]]),
      valid: new Map([[task, new Uint8Array(label.data.length).fill(1)]]),
    });
    results.set(`gradient of ${task}`, back(gradient));
  }
  await network.dispose();
  return results;
}

const twins = test.macro<
  [spec: NetworkSpec, size: readonly [number, number], labels: Readonly<Record<string, number>>]
>({
  title: (name) => `${name} computes the same in TF.js: outputs to 1e-5, gradients to 1e-4`,
  async exec(t, spec, size, labels) {
    const { model, configText } = networkOf(spec, 'expected');
    const { file, externalTensors } = encodeModel(model);
    const source = { name: 'made', version: '1', configText, file, externalFiles: externalTensors, sha256: '' };
    const levels = drawn([1, 3, ...size], 'pixels');
    const pixels = { ...levels, data: levels.data.map((x) => 255 * x) };
    const known = new Map(
      Object.entries(labels).map(([task, channels]) => [task, drawn([1, channels, ...size], task)]),
    );
    const expected = await computed(source, pixels, known, false);
    const actual = await computed(twinOf(source, 'wasm', 'NHWC', size), pixels, known, true);
    t.deepEqual([...actual.keys()], [...expected.keys()]);
    for (const [name, tensor] of expected) {
      const distance = relativeDistance(actual.get(name) ?? { data: new Float32Array(), shape: [] }, tensor);
      t.true(distance <= (name.startsWith('gradient') ? 1e-4 : 1e-5), `${name} is off by ${distance}`);
    }
  },
});
const of = (architecture: string, decoders: NetworkSpec['decoders'], ...tasks: readonly string[]): NetworkSpec => ({
  architecture,
  tasks,
  decoders,
  seed: 3,
});
test.serial('street', twins, of('street', 'separate', 'segmentation', 'depth', 'reconstruction'), [16, 32], {
  depth: 1,
  reconstruction: 3,
});
test.serial('drn-d-22-small', twins, of('drn-d-22-small', 'shared', 'segmentation', 'depth'), [16, 32], { depth: 1 });
test.serial(
  'resnet18-taskonomy-small',
  twins,
  of('resnet18-taskonomy-small', 'separate', 'segmentation', 'depth-zbuffer', 'principal-curvature'),
  [32, 32],
  { 'depth-zbuffer': 1, 'principal-curvature': 2 },
);
