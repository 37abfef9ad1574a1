import test from 'ava';
import { specialise } from '../../../src/engine/models/onnx/specialise.js';
import { encodeStaticGraph } from '../../../src/engine/onnx/encode-model.js';
import type { StaticGraph } from '../../../src/engine/onnx/graph.js';
import { importModel } from '../../../src/engine/onnx/import/import-model.js';
import { simplify } from '../../../src/engine/onnx/simplify.js';
import {
  bytes,
  expectSameOutputs,
  type Feeds,
  floats,
  graphAttribute,
  inputsOf,
  integers,
  type ModelParts,
  model,
  node,
  numbers,
  randomFloats,
  randomInput,
  runModel,
} from '../../support/models.js';

const x = randomInput([2, 3, 5, 5]);

/** A model as a graph for the shapes of its inputs. */
const staticGraph = (parts: Omit<ModelParts, 'inputs'>, feeds: Feeds): Promise<StaticGraph> =>
  specialise(importModel(model({ inputs: inputsOf(feeds), ...parts })), {
    inputShapes: new Map(Object.entries(feeds).map(([name, { shape }]) => [name, shape])),
    outputs: parts.outputs?.map((output) => (typeof output === 'string' ? output : output.name)) ?? ['y'],
    runtime: { threads: 1, allowSpinning: false },
  });

const simplifies = test.macro<[parts: Omit<ModelParts, 'inputs'>, operators: string]>({
  title: (what) => what ?? '',
  async exec(t, parts, operators) {
    const feeds = { x };
    const before = await staticGraph(parts, feeds);
    const after = simplify(before);
    t.is(after.nodes.map(({ opType }) => opType).join(' '), operators);
    t.deepEqual(after.outputs, before.outputs);
    for (const name of after.nodes.flatMap(({ inputs }) => inputs)) t.true(name === '' || after.values.has(name), name);
    const expected = await runModel(encodeStaticGraph(before), feeds);
    expectSameOutputs(t, await runModel(encodeStaticGraph(after), feeds), expected, 1e-5);
  },
});

const positive = (count: number) => floats(numbers([count], (i) => 0.25 + (i % 5)));
const initializers = {
  w: randomFloats([4, 3, 3, 3], 'w'),
  b: randomFloats([4], 'b'),
  gamma: randomFloats([4], 'gamma'),
  beta: randomFloats([4], 'beta'),
  mean: randomFloats([4], 'mean'),
  variance: positive(4),
};
const conv = node('Conv', 'x w b', 'c', { strides: [2, 1], pads: [1, 1, 1, 1] });
const norm = node('BatchNormalization', 'c gamma beta mean variance', 'y', { epsilon: { float: 0.01 } });

test(
  'batch normalisation is folded into the convolution before it',
  simplifies,
  { nodes: [conv, norm], initializers },
  'Conv',
);
test(
  'batch normalisation is folded into a convolution without a bias',
  simplifies,
  { nodes: [node('Conv', 'x w', 'c'), node('BatchNormalization', 'c gamma beta mean variance', 'y')], initializers },
  'Conv',
);
test(
  'batch normalisation is folded into a convolution in groups',
  simplifies,
  {
    nodes: [node('Conv', 'x w', 'c', { group: 3 }), node('BatchNormalization', 'c gamma beta mean variance', 'y')],
    initializers: {
      w: randomFloats([6, 1, 3, 3], 'w'),
      gamma: randomFloats([6], 'gamma'),
      beta: randomFloats([6], 'beta'),
      mean: randomFloats([6], 'mean'),
      variance: positive(6),
    },
  },
  'Conv',
);
test(
  'a convolution that something else reads keeps its batch normalisation',
  simplifies,
  { nodes: [conv, norm, node('Relu', 'c', 'z')], initializers, outputs: ['y', 'z'] },
  'Conv BatchNormalization Relu',
);
test(
  'a convolution that is an output keeps its batch normalisation',
  simplifies,
  { nodes: [conv, norm], initializers, outputs: ['y', 'c'] },
  'Conv BatchNormalization',
);
test(
  'a convolution that a branch reads keeps its batch normalisation',
  simplifies,
  {
    nodes: [
      conv,
      norm,
      node('ReduceMax', 'y', 's', { keepdims: 0 }),
      node('Greater', 's s', 'p'),
      node('If', 'p', 'z', {
        then_branch: graphAttribute({ nodes: [node('Relu', 'c', 't')], outputs: ['t'] }),
        else_branch: graphAttribute({ nodes: [node('Neg', 'c', 't')], outputs: ['t'] }),
      }),
    ],
    initializers,
    outputs: ['y', 'z'],
  },
  'Conv BatchNormalization ReduceMax Greater If',
);
test(
  'a convolution whose weights depend on the input keeps its batch normalisation',
  simplifies,
  {
    nodes: [
      node('ReduceMean', 'x', 'm', { keepdims: 0 }),
      node('Mul', 'w m', 'v'),
      node('Conv', 'x v', 'c'),
      node('BatchNormalization', 'c gamma beta mean variance', 'y'),
    ],
    initializers,
  },
  'ReduceMean Mul Conv BatchNormalization',
);
test(
  'a convolution whose bias depends on the input keeps its batch normalisation',
  simplifies,
  {
    nodes: [
      node('ReduceMean', 'x', 'm', { keepdims: 0 }),
      node('Mul', 'b m', 'v'),
      node('Conv', 'x w v', 'c'),
      node('BatchNormalization', 'c gamma beta mean variance', 'y'),
    ],
    initializers,
  },
  'ReduceMean Mul Conv BatchNormalization',
);
test(
  'batch normalisation that trains is not folded',
  simplifies,
  {
    nodes: [conv, node('BatchNormalization', 'c gamma beta mean variance', 'y m v', { training_mode: 1 })],
    initializers,
  },
  'Conv BatchNormalization',
);
test(
  'batch normalisation without a convolution stays',
  simplifies,
  {
    nodes: [node('Relu', 'x', 'c'), node('BatchNormalization', 'c gamma beta mean variance', 'y')],
    initializers: {
      gamma: randomFloats([3], 'gamma'),
      beta: randomFloats([3], 'beta'),
      mean: randomFloats([3], 'mean'),
      variance: positive(3),
    },
  },
  'Relu BatchNormalization',
);

test(
  'nodes that do nothing are dropped',
  simplifies,
  {
    nodes: [
      node('Identity', 'x', 'a'),
      node('Dropout', 'a ratio', 'b'),
      node('Cast', 'b', 'c', { to: 1 }),
      node('Reshape', 'c shape', 'd'),
      node('Expand', 'd ones', 'e'),
      node('Flatten', 'e', 'f'),
      node('Flatten', 'f', 'g'),
      node('Relu', 'g', 'y'),
    ],
    initializers: { ratio: floats([0.5], []), shape: integers([2, 3, 5, 5]), ones: integers([1]) },
  },
  'Flatten Relu',
);
test(
  'nodes that rearrange, cast, drop or give an output stay',
  simplifies,
  {
    nodes: [
      node('Cast', 'x', 'a', { to: 6 }),
      node('Cast', 'a', 'b', { to: 1 }),
      node('Dropout', 'b', 'c mask'),
      node('Where', 'mask c b', 'd'),
      node('Identity', 'd', 'y'),
    ],
  },
  'Cast Cast Dropout Where Identity',
);
test('a padding of some axes becomes one of all', async (t) => {
  const feeds = { x };
  for (const axes of [
    [3, 1],
    [-1, -3],
  ]) {
    const before = await staticGraph(
      {
        nodes: [node('Pad', 'x pads value axes', 'y')],
        initializers: { pads: integers([1, 2, -1, 0]), value: floats([7], []), axes: integers(axes) },
      },
      feeds,
    );
    const after = simplify(before);
    t.is(after.nodes[0]?.inputs.length, 3);
    expectSameOutputs(
      t,
      await runModel(encodeStaticGraph(after), feeds),
      await runModel(encodeStaticGraph(before), feeds),
      0,
    );
  }
});
test('dropout that drops stays', async (t) => {
  const graph = await staticGraph(
    {
      nodes: [node('Dropout', 'x ratio yes', 'd'), node('Relu', 'd', 'y')],
      initializers: { ratio: floats([0.5], []), yes: bytes('bool', [1], []) },
    },
    { x },
  );
  t.is(simplify(graph).nodes[0]?.opType, 'Dropout');
});
test(
  'a node that does nothing stays where a branch reads it',
  simplifies,
  {
    nodes: [
      node('Identity', 'x', 'a'),
      node('ReduceMax', 'a', 's', { keepdims: 0 }),
      node('Greater', 's s', 'p'),
      node('If', 'p', 'y', {
        then_branch: graphAttribute({ nodes: [node('Relu', 'a', 't')], outputs: ['t'] }),
        else_branch: graphAttribute({ nodes: [node('Mul', 'a k', 't')], outputs: ['t'] }),
      }),
    ],
    initializers: { k: floats([3], []) },
  },
  'Identity ReduceMax Greater If',
);
