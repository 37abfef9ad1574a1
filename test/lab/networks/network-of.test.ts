import test from 'ava';
import { DOMAIN_NAMES } from '../../../src/engine/datasets/taskonomy-domains.js';
import { loadNetwork } from '../../../src/engine/models/load-network.js';
import { parseModelConfig } from '../../../src/engine/models/model-config.js';
import type { ModelSource } from '../../../src/engine/models/model-source.js';
import type { Network } from '../../../src/engine/models/network.js';
import { openTrainable } from '../../../src/engine/models/onnx/training/open-trainable.js';
import { decodeModel } from '../../../src/engine/onnx/decode-model.js';
import { encodeModel } from '../../../src/engine/onnx/encode-model.js';
import type { ModelDef } from '../../../src/engine/onnx/graph.js';
import { keyedRandom } from '../../../src/engine/tensor/random.js';
import { type Shape, sizeOf } from '../../../src/engine/tensor/shape.js';
import type { LabNetwork, NetworkSpec } from '../../../src/lab/networks/lab-network.js';
import { networkOf } from '../../../src/lab/networks/network-of.js';
import { streetSource } from '../../support/street.js';

const STREET_TASKS = ['segmentation', 'depth', 'reconstruction'];
const INDOOR_TASKS = [
  'segmentation',
  'depth-zbuffer',
  'edge-texture',
  'keypoints2d',
  'normal',
  'reshading',
  'keypoints3d',
  'depth-euclidean',
  'reconstruction',
  'edge-occlusion',
  'principal-curvature',
];
const CHANNELS: Readonly<Record<string, number>> = { reconstruction: 3, normal: 3, 'principal-curvature': 2 };
const channelsOf = (architecture: string, task: string): number => {
  if (task === 'segmentation') return architecture.startsWith('resnet') ? 18 : 19;
  return CHANNELS[task] ?? 1;
};

const spec = (architecture: string, tasks: readonly string[], decoders: NetworkSpec['decoders'], seed = 1) => ({
  architecture,
  tasks,
  decoders,
  seed,
});

/** Parameters, without running statistics and what is frozen, of weights that begin with one of the names. */
const countOf = ({ graph }: ModelDef, ...names: readonly string[]): number =>
  [...graph.initializers]
    .filter(([name]) => names.some((start) => name.startsWith(start)) && !/running_|\.up\.weight$|^scales/.test(name))
    .reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0);

const count = test.macro<[build: () => LabNetwork, parts: readonly (readonly [string, number])[]]>({
  title: (name) => `${name} has as many parameters as published`,
  exec(t, build, parts) {
    const { model } = build();
    for (const [part, expected] of parts) t.is(countOf(model, ...part.split(' ')), expected, part);
  },
});

const trunk = Array.from({ length: 9 }, (_, i) => `layer${i}.`).join(' ');
test('DRN-D-105', count, () => networkOf(spec('drn-d-105', STREET_TASKS, 'shared')), [
  ['layer0.', 2384],
  ['layer1.', 2336],
  ['layer2.', 4672],
  ['layer3.', 205_568],
  ['layer4.', 1_219_584],
  ['layer5.', 26_090_496],
  ['layer6.', 14_964_736],
  ['layer7.', 9_438_208],
  ['layer8.', 2_360_320],
  [trunk, 54_288_304],
  ['reconstruction.', 1539],
]);
test('the trunk of DRN-D-22', count, () => networkOf(spec('drn-d-22', ['depth'], 'shared')), [
  [trunk, 15_880_752],
  ['', 15_880_752 + 513],
]);
test(
  'DRN-D-22 with separate decoders',
  count,
  () => networkOf(spec('drn-d-22', ['depth', 'segmentation'], 'separate')),
  [
    ['layer', 2384 + 2336 + 4672 + 131_712 + 525_568 + 2_099_712],
    ['depth.layer', 8_393_728 + 2_360_320 + 2_360_320],
    ['segmentation.layer', 8_393_728 + 2_360_320 + 2_360_320],
  ],
);
test('ResNet-18', count, () => networkOf(spec('resnet18-taskonomy', INDOOR_TASKS, 'separate')), [
  ['encoder.', 11_176_512],
  ['task_to_decoder.segmentation.', 1_509_714],
  ['task_to_decoder.reshading.', 1_504_801],
  ['task_to_decoder.principal-curvature.', 1_505_090],
  ['task_to_decoder.normal.', 1_505_379],
  ['', 11_176_512 + 1_509_714 + 7 * 1_504_801 + 1_505_090 + 2 * 1_505_379],
]);

const SMALL = [
  { architecture: 'drn-d-22-small', decoders: 'shared', tasks: STREET_TASKS, side: 16, parameters: 236_423 },
  { architecture: 'drn-d-22-small', decoders: 'separate', tasks: STREET_TASKS, side: 16, parameters: 520_327 },
  {
    architecture: 'resnet18-taskonomy-small',
    decoders: 'separate',
    tasks: INDOOR_TASKS,
    side: 32,
    parameters: 205_777,
  },
  { architecture: 'street', decoders: 'separate', tasks: STREET_TASKS, side: 16, parameters: 236_631 },
] as const;
const titleOf = ({ architecture, decoders }: { architecture: string; decoders: string }): string =>
  `${architecture} with ${decoders} decoders`;
for (const small of SMALL) {
  test(`${titleOf(small)} has ${small.parameters} parameters`, (t) => {
    t.is(countOf(networkOf(spec(small.architecture, small.tasks, small.decoders)).model, ''), small.parameters);
  });
}

test('the street network has the kernels of the model of the demo', (t) => {
  const kernels = ({ graph }: ModelDef): string[] =>
    [...graph.initializers.values()].flatMap(({ shape }) => (shape.length === 4 ? [shape.join('×')] : [])).toSorted();
  const demo = kernels(decodeModel(streetSource().file, () => Buffer.of()));
  t.true(demo.includes('16×3×7×7'));
  t.deepEqual(kernels(networkOf(spec('street', STREET_TASKS, 'separate')).model), demo);
});

const sourceOf = ({ model, configText }: LabNetwork): ModelSource => {
  const { file, externalTensors } = encodeModel(model);
  return { name: 'made', version: '1', configText, file, externalFiles: externalTensors, sha256: 'not read here' };
};
const load = (network: LabNetwork): Promise<Network> =>
  loadNetwork(sourceOf(network), {
    role: 'attack',
    runtime: { threads: 2, allowSpinning: false },
    memoryBudgetBytes: 2 ** 32,
  });

const drawn = (shape: Shape, key: string, below: number): Float32Array => {
  const draw = keyedRandom('start', 1, key, 0);
  return Float32Array.from({ length: sizeOf(shape) }, () => below * draw());
};
const pixelsOf = (shape: Shape) => ({ data: drawn(shape, 'pixels', 255), shape });

for (const row of SMALL) {
  const { architecture, tasks, decoders, side } = row;
  test.serial(`${titleOf(row)} gives a finite map of the size of the image for each task`, async (t) => {
    const network = await load(networkOf(spec(architecture, tasks, decoders)));
    t.teardown(() => network.dispose());
    const outputs = await network.predict(pixelsOf([2, 3, side, 2 * side]), new Map());
    t.deepEqual([...outputs.keys()], [...tasks]);
    for (const task of tasks) {
      const { data, shape } = outputs.get(task) ?? { data: new Float32Array(), shape: [] };
      t.deepEqual(shape, [2, channelsOf(architecture, task), side, 2 * side], task);
      t.true(data.every(Number.isFinite) && data.some((value) => value !== data[0]), task);
    }
  });
}

for (const row of SMALL) {
  const { architecture, tasks, decoders, side } = row;
  test.serial(`${titleOf(row)} has a gradient by the pixels for each task`, async (t) => {
    const network = await load(networkOf(spec(architecture, tasks, decoders)));
    t.teardown(() => network.dispose());
    const losses = new Map(network.info.tasks.map((task) => [task.name, task.loss]));
    const program = await network.program({
      tasks: tasks.map((task) => ({ task, loss: losses.get(task) ?? '' })),
      inputShape: [3, side, side],
      batchSize: 1,
    });
    const labels = tasks.map((task): [string, Float32Array] => [
      task,
      task === 'segmentation'
        ? drawn([side, side], task, 17).map(Math.floor)
        : drawn([channelsOf(architecture, task), side, side], task, 1),
    ]);
    for (const attacked of tasks) {
      const { gradient } = await program.run({
        pixels: pixelsOf([1, 3, side, side]),
        extraInputs: new Map(),
        weights: Float32Array.from(tasks, (task) => Number(task === attacked)),
        isBalanced: false,
        labels: new Map(labels),
        valid: new Map(labels.map(([task, { length }]) => [task, new Uint8Array(length).fill(1)])),
      });
      t.true(gradient.data.every(Number.isFinite), attacked);
      t.true(gradient.data.filter((slope) => slope !== 0).length > side ** 2, attacked);
    }
  });
}

for (const row of SMALL) {
  test.serial(`training reaches every parameter of ${titleOf(row)}, and nothing else`, async (t) => {
    const network = networkOf(spec(row.architecture, row.tasks, row.decoders));
    const runtime = { threads: 1, allowSpinning: false };
    const { parameters } = await openTrainable(sourceOf(network), { frozen: network.frozen, ...runtime });
    const sizes = [...parameters.values()].map(sizeOf);
    t.is(
      sizes.reduce((sum, size) => sum + size, 0),
      row.parameters,
    );
  });
}

test('tasks share layer6 to layer8, or have their own', (t) => {
  const layers = (decoders: NetworkSpec['decoders']): string[] => {
    const { initializers } = networkOf(spec('drn-d-22-small', ['depth', 'segmentation'], decoders)).model.graph;
    return [...initializers.keys()].filter((name) => /layer8\.0/.test(name));
  };
  t.deepEqual(layers('shared'), ['layer8.0.weight']);
  t.deepEqual(layers('separate'), ['depth.layer8.0.weight', 'segmentation.layer8.0.weight']);
});

test('the weights of a layer depend on its name and the seed alone', (t) => {
  const bytesOf = (tasks: readonly string[], seed: number) => {
    const { initializers } = networkOf(spec('resnet18-taskonomy-small', tasks, 'separate', seed)).model.graph;
    return initializers.get('task_to_decoder.normal.upconv2.weight')?.bytes;
  };
  t.deepEqual(bytesOf(['normal'], 7), bytesOf(INDOOR_TASKS.toReversed(), 7));
  t.notDeepEqual(bytesOf(['normal'], 7), bytesOf(['normal'], 8));
});

test('model.yaml says what the labels are', (t) => {
  const tasksOf = (architecture: string, tasks: readonly string[]) =>
    parseModelConfig(networkOf(spec(architecture, tasks, 'separate')).configText).tasks;
  const [classes, depth, reconstruction] = tasksOf('drn-d-22-small', STREET_TASKS);
  t.like(classes, { kind: 'semantic-segmentation', ignoreIndex: 255, activation: 'none' });
  t.is(classes?.classes?.length, 19);
  t.like(depth, { kind: 'depth', target: { scale: 0.001 } });
  t.like(reconstruction, { kind: 'reconstruction', target: 'normalised-input', loss: undefined });
  const indoor = new Map(tasksOf('resnet18-taskonomy-small', INDOOR_TASKS).map((task) => [task.name, task]));
  t.deepEqual([...indoor.keys()], INDOOR_TASKS);
  t.is(indoor.get('segmentation')?.classWeights?.length, 18);
  t.like(indoor.get('reconstruction'), { target: 'normalised-input', loss: 'l1', metric: 'absolute-error' });
});

test('indoor tasks are called as the domains of Taskonomy, by which the reader of its folders finds the labels', (t) => {
  const domains: readonly string[] = DOMAIN_NAMES;
  const unnamed = INDOOR_TASKS.filter((task) => !domains.includes(task.replaceAll('-', '_')));
  // Found by its kind, and from the image itself.
  t.deepEqual(unnamed, ['segmentation', 'reconstruction']);
});

const refuses = test.macro<[spec: NetworkSpec, message: string]>({
  title: (name) => `${name} is refused`,
  exec(t, refused, message) {
    t.throws(() => networkOf(refused), { code: 'INVALID_CONFIG', message });
  },
});
test(
  'an architecture that does not exist',
  refuses,
  spec('drn-d-54', ['depth'], 'shared'),
  'expected architecture to be one of drn-d-22, drn-d-105, resnet18-taskonomy, drn-d-22-small, resnet18-taskonomy-small, ' +
    'street, got drn-d-54',
);
test(
  'a task of another dataset',
  refuses,
  spec('street', ['depth', 'normal'], 'separate'),
  'expected one of segmentation, depth, reconstruction in tasks of street, got normal',
);
test('no task', refuses, spec('street', [], 'separate'), 'expected at least 1 task in tasks of street, got none');
test(
  'a task twice',
  refuses,
  spec('street', ['depth', 'depth'], 'separate'),
  'expected each task once in tasks of street, got depth again',
);
test(
  'a decoder that a network does not share',
  refuses,
  spec('street', ['depth'], 'shared'),
  'expected decoders of street to be separate, got shared',
);
