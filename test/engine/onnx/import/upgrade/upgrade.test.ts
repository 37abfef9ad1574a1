import test from 'ava';
import { EngineError } from '../../../../../src/engine/errors.js';
import type { NodeDef, TensorValue } from '../../../../../src/engine/onnx/graph.js';
import { importModel } from '../../../../../src/engine/onnx/import/import-model.js';
import {
  expectSameOutputs,
  type Feeds,
  floats,
  graphAttribute,
  input,
  inputsOf,
  integers,
  model,
  node,
  numbers,
  randomFloats,
  randomInput,
  reread,
  runModel,
  value,
} from '../../../../support/models.js';

interface Case {
  readonly opset: number;
  readonly nodes: readonly NodeDef[];
  readonly feeds?: Feeds;
  readonly initializers?: Readonly<Record<string, TensorValue>>;
  readonly outputs?: readonly string[];
  /** Largest difference, in shares of the largest value. Default: none. */
  readonly tolerance?: number;
}

const x = randomInput([2, 3, 4, 5]);

/** ONNX Runtime computes the same from the old file as from what we make of it, bit for bit. */
const staysTheSame = test.macro<[what: Case]>({
  title: (when, { opset, nodes: [first] }) =>
    `${first?.opType} of opset ${opset} computes the same in opset 18: ${when}`,
  async exec(t, { opset, nodes, feeds = { x }, initializers = {}, outputs = ['y'], tolerance = 0 }) {
    const old = model({ opset, irVersion: 8, nodes, inputs: inputsOf(feeds), outputs, initializers });
    const imported = importModel(reread(old));
    t.is(imported.opsets.get(''), 18);
    t.deepEqual(imported.graph.outputs, old.graph.outputs);
    const [actual, expected] = [await runModel(imported, feeds), await runModel(old, feeds)];
    expectSameOutputs(t, actual, expected, tolerance);
    for (const [name, { dataType }] of expected) t.is(actual.get(name)?.dataType, dataType);
  },
});

for (const opset of [7, 11, 12]) {
  test('axes', staysTheSame, { opset, nodes: [node('ReduceSum', 'x', 'y', { axes: [1, 3] })] });
  test('axes that go', staysTheSame, { opset, nodes: [node('ReduceSum', 'x', 'y', { axes: [0, 2], keepdims: 0 })] });
  test('no axes', staysTheSame, { opset, nodes: [node('ReduceSum', 'x', 'y')] });
}
for (const opset of [7, 13, 17]) {
  for (const opType of [
    'ReduceL1',
    'ReduceL2',
    'ReduceLogSumExp',
    'ReduceMax',
    'ReduceMean',
    'ReduceMin',
    'ReduceProd',
    'ReduceSumSquare',
  ]) {
    test('axes', staysTheSame, { opset, nodes: [node(opType, 'x', 'y', { axes: [1, 2] })] });
    test('no axes, which go', staysTheSame, { opset, nodes: [node(opType, 'x', 'y', { keepdims: 0 })] });
  }
  const positive = { x: { ...x, data: (x.data as Float32Array).map((v) => Math.abs(v) + 0.1) } };
  test('axes', staysTheSame, { opset, feeds: positive, nodes: [node('ReduceLogSum', 'x', 'y', { axes: [1] })] });
}
test('axes are an input already', staysTheSame, {
  opset: 13,
  nodes: [node('ReduceSum', 'x axes', 'y')],
  initializers: { axes: integers([2]) },
});

for (const opset of [7, 12]) {
  const feeds = { x: randomInput([1, 3, 1, 4]) };
  test('axes', staysTheSame, { opset, feeds, nodes: [node('Squeeze', 'x', 'y', { axes: [0, 2] })] });
  test('every axis of length 1', staysTheSame, { opset, feeds, nodes: [node('Squeeze', 'x', 'y')] });
  test('axes', staysTheSame, { opset, feeds, nodes: [node('Unsqueeze', 'x', 'y', { axes: [0, 4] })] });
}
test('a negative axis', staysTheSame, { opset: 11, nodes: [node('Unsqueeze', 'x', 'y', { axes: [-1] })] });

for (const opset of [7, 11, 13, 17]) {
  const feeds = { x: randomInput([2, 6, 4]) };
  test('equal parts', staysTheSame, {
    opset,
    feeds,
    nodes: [node('Split', 'x', 'a b c', { axis: 1 })],
    outputs: ['a', 'b', 'c'],
  });
}
test('parts of given lengths', staysTheSame, {
  opset: 11,
  feeds: { x: randomInput([2, 6, 4]) },
  nodes: [node('Split', 'x', 'a b', { axis: 1, split: [2, 4] })],
  outputs: ['a', 'b'],
});
test('lengths are an input already', staysTheSame, {
  opset: 13,
  feeds: { x: randomInput([6, 4]) },
  nodes: [node('Split', 'x lengths', 'a b')],
  outputs: ['a', 'b'],
  initializers: { lengths: integers([1, 5]) },
});

for (const opset of [7, 10]) {
  const [low, high] = [{ float: -0.25 }, { float: 0.5 }];
  test('both bounds', staysTheSame, { opset, nodes: [node('Clip', 'x', 'y', { min: low, max: high })] });
  test('only a lower one', staysTheSame, { opset, nodes: [node('Clip', 'x', 'y', { min: low })] });
  test('only an upper one', staysTheSame, { opset, nodes: [node('Clip', 'x', 'y', { max: high })] });
  test('none', staysTheSame, { opset, nodes: [node('Clip', 'x', 'y')] });
  const pads = [0, 0, 1, 2, 0, 1, 3, 0];
  test('zeros', staysTheSame, { opset, nodes: [node('Pad', 'x', 'y', { pads })] });
  test('a value', staysTheSame, { opset, nodes: [node('Pad', 'x', 'y', { pads, value: { float: 1.5 } })] });
  const inner = [0, 0, 1, 2, 0, 0, 3, 0];
  test('edges', staysTheSame, { opset, nodes: [node('Pad', 'x', 'y', { pads: inner, mode: 'edge' })] });
  test('reflections', staysTheSame, { opset, nodes: [node('Pad', 'x', 'y', { pads: inner, mode: 'reflect' })] });
  const dropped = { ratio: { float: 0.5 } };
  test('in inference', staysTheSame, { opset, nodes: [node('Dropout', 'x', 'y', dropped)] });
}
for (const opset of [7, 10, 11]) {
  test('a mask', staysTheSame, { opset, nodes: [node('Dropout', 'x', 'y mask')], outputs: ['y', 'mask'] });
}
test('a ratio that is an input', staysTheSame, {
  opset: 13,
  nodes: [node('Dropout', 'x ratio', 'y')],
  initializers: { ratio: floats([0.5], []) },
});

test('some axes', staysTheSame, {
  opset: 9,
  nodes: [node('Slice', 'x', 'y', { axes: [1, 3], starts: [1, -3], ends: [3, 5] })],
});
test('leading axes', staysTheSame, { opset: 7, nodes: [node('Slice', 'x', 'y', { starts: [0, 1], ends: [1, 2] })] });
test('to the end, by the largest int64', staysTheSame, {
  opset: 9,
  nodes: [node('Slice', 'x', 'y', { axes: [2], starts: [1], ends: [2 ** 63] })],
});

for (const opset of [7, 9]) {
  const k = node('TopK', 'x', 'y i', { k: 2, axis: 3 });
  test('how many, an attribute', staysTheSame, { opset, nodes: [k], outputs: ['y', 'i'] });
}
test('how many, an input', staysTheSame, {
  opset: 10,
  nodes: [node('TopK', 'x k', 'y i', { axis: 1 })],
  initializers: { k: integers([2]) },
  outputs: ['y', 'i'],
});

for (const opType of ['Softmax', 'LogSoftmax', 'Hardmax']) {
  for (const opset of [7, 11, 12]) {
    test('the default axis', staysTheSame, { opset, nodes: [node(opType, 'x', 'y')] });
    test('all axes', staysTheSame, { opset, nodes: [node(opType, 'x', 'y', { axis: 0 })] });
    test('the last axis', staysTheSame, { opset, nodes: [node(opType, 'x', 'y', { axis: 3 })] });
  }
  test('a negative axis', staysTheSame, { opset: 11, nodes: [node(opType, 'x', 'y', { axis: -2 })] });
  test('the default axis is another one', staysTheSame, { opset: 13, nodes: [node(opType, 'x', 'y')] });
}

const statistics = (shape: readonly number[]) => ({
  gamma: randomFloats(shape, 'gamma'),
  beta: randomFloats(shape, 'beta'),
  mean: randomFloats(shape, 'mean'),
  variance: floats(
    numbers(shape, (i) => 0.5 + (i % 7)),
    shape,
  ),
});
for (const opset of [7, 9, 14]) {
  const norm = node('BatchNormalization', 'x gamma beta mean variance', 'y', { epsilon: { float: 1e-3 } });
  test('inference', staysTheSame, { opset, nodes: [norm], initializers: statistics([3]) });
}
test('the default ε', staysTheSame, {
  opset: 9,
  nodes: [node('BatchNormalization', 'x gamma beta mean variance', 'y')],
  initializers: statistics([3]),
});
test('statistics per position', staysTheSame, {
  opset: 7,
  nodes: [node('BatchNormalization', 'x gamma beta mean variance', 'y', { spatial: 0 })],
  initializers: statistics([3, 4, 5]),
  tolerance: 1e-6,
});
test('training, which outputs beside the first ask for', staysTheSame, {
  opset: 9,
  nodes: [node('BatchNormalization', 'x gamma beta mean variance', 'y m v sm sv')],
  initializers: statistics([3]),
});

const factors = { scales: floats([1, 1, 2, 3]) };
for (const mode of ['nearest', 'linear']) {
  const scales = { type: 'floats', value: [1, 1, 2, 3] } as const;
  test(`${mode}, factors an attribute`, staysTheSame, {
    opset: 7,
    nodes: [node('Upsample', 'x', 'y', { mode, scales })],
  });
  test(`${mode}, factors an input`, staysTheSame, {
    opset: 9,
    nodes: [node('Upsample', 'x scales', 'y', { mode })],
    initializers: factors,
  });
  for (const [what, by] of [
    ['larger', [1, 1, 2, 3]],
    ['larger by a broken factor', [1, 1, 1.7, 2.3]],
    ['smaller', [1, 1, 0.5, 0.6]],
  ] as const) {
    test(`${mode}, ${what}`, staysTheSame, {
      opset: 10,
      nodes: [node('Resize', 'x scales', 'y', { mode })],
      initializers: { scales: floats(by) },
    });
  }
}
test('nearest, one axis larger and one smaller', staysTheSame, {
  opset: 10,
  nodes: [node('Resize', 'x scales', 'y', { mode: 'nearest' })],
  initializers: { scales: floats([1, 1, 0.7, 2]) },
});
for (const opset of [11, 13, 17]) {
  for (const coordinate_transformation_mode of ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric']) {
    for (const mode of ['nearest', 'linear', 'cubic']) {
      test(`${mode} ${coordinate_transformation_mode}, by factors`, staysTheSame, {
        opset,
        nodes: [node('Resize', 'x roi scales', 'y', { mode, coordinate_transformation_mode })],
        initializers: { roi: floats([]), scales: floats([1, 1, 1.5, 0.6]) },
      });
    }
  }
  test('to lengths, with factors that are empty', staysTheSame, {
    opset,
    nodes: [node('Resize', 'x roi scales sizes', 'y', { mode: 'linear' })],
    initializers: { roi: floats([]), scales: floats([]), sizes: integers([2, 3, 7, 3]) },
  });
  test('of a part', staysTheSame, {
    opset,
    nodes: [
      node('Resize', 'x roi scales', 'y', { mode: 'linear', coordinate_transformation_mode: 'tf_crop_and_resize' }),
    ],
    initializers: { roi: floats([0, 0, 0.2, 0.1, 1, 1, 0.9, 0.8]), scales: floats([1, 1, 1.5, 0.6]) },
  });
}
test('nearest tf_half_pixel_for_nn', staysTheSame, {
  opset: 11,
  nodes: [
    node('Resize', 'x roi scales', 'y', { mode: 'nearest', coordinate_transformation_mode: 'tf_half_pixel_for_nn' }),
  ],
  initializers: { roi: floats([]), scales: floats([1, 1, 1.5, 0.6]) },
});

test('called Scatter', staysTheSame, {
  opset: 9,
  feeds: { x: randomInput([3, 4]), u: randomInput([2, 4], 'updates') },
  nodes: [node('Scatter', 'x i u', 'y', { axis: 0 })],
  initializers: { i: integers([0, 1, 2, 0, 2, 0, 1, 1], [2, 4]) },
});
for (const opset of [10, 15]) {
  test('coordinates are not shifted', staysTheSame, {
    opset,
    feeds: { x: randomInput([1, 2, 8, 8]) },
    nodes: [node('RoiAlign', 'x rois batch', 'y', { output_height: 2, output_width: 3, sampling_ratio: 2 })],
    initializers: { rois: floats([0.7, 1.2, 5.4, 6.1], [1, 4]), batch: integers([0]) },
  });
}

// Operators that need no rewrite, since opset 18 does by default what they did.
const kernel = { kernel_shape: [2, 3], strides: [2, 1], pads: [1, 0, 1, 1] };
for (const opset of [7, 10, 11, 17]) {
  test('padding', staysTheSame, { opset, nodes: [node('MaxPool', 'x', 'y', kernel)] });
  test('padding', staysTheSame, { opset, nodes: [node('AveragePool', 'x', 'y', kernel)] });
  test('padding counts', staysTheSame, {
    opset,
    nodes: [node('AveragePool', 'x', 'y', { ...kernel, count_include_pad: 1 })],
  });
  test('same lengths', staysTheSame, {
    opset,
    nodes: [node('MaxPool', 'x', 'y', { kernel_shape: [3, 3], auto_pad: 'SAME_LOWER' })],
  });
}
for (const opset of [10, 17]) {
  test('rounded up', staysTheSame, { opset, nodes: [node('AveragePool', 'x', 'y', { ...kernel, ceil_mode: 1 })] });
}
for (const opset of [7, 9, 11]) {
  test('all of its parameters', staysTheSame, {
    opset,
    feeds: { x: randomInput([4, 3]) },
    nodes: [node('Gemm', 'x b c', 'y', { alpha: { float: 0.5 }, beta: { float: 2 }, transA: 1, transB: 1 })],
    initializers: { b: randomFloats([5, 4], 'b'), c: randomFloats([5], 'c') },
  });
}
for (const opset of [7, 14]) {
  const [hidden, width] = [4, 3];
  for (const [opType, gates] of [
    ['GRU', 3],
    ['LSTM', 4],
    ['RNN', 1],
  ] as const) {
    test('a sequence', staysTheSame, {
      opset,
      feeds: { x: randomInput([5, 2, width]) },
      nodes: [node(opType, 'x w r b', 'y h', { hidden_size: hidden })],
      outputs: ['y', 'h'],
      initializers: {
        w: randomFloats([1, gates * hidden, width], 'w'),
        r: randomFloats([1, gates * hidden, hidden], 'r'),
        b: randomFloats([1, 2 * gates * hidden], 'b'),
      },
    });
  }
}
for (const opset of [9, 11]) {
  test('indices', staysTheSame, {
    opset,
    feeds: { x: input('int64', [0, 2, 1]) },
    nodes: [node('OneHot', 'x depth values', 'y')],
    initializers: { depth: integers([3], []), values: floats([0, 1]) },
  });
}
for (const opset of [10, 11]) {
  test('boxes', staysTheSame, {
    opset,
    feeds: { x: randomInput([1, 6, 4]), scores: randomInput([1, 1, 6], 'scores') },
    nodes: [node('NonMaxSuppression', 'x scores most', 'y')],
    initializers: { most: integers([3]) },
  });
}
for (const opset of [7, 12, 13]) {
  const feeds = { x: { ...x, data: (x.data as Float32Array).map(Math.abs) } };
  test('a constant exponent', staysTheSame, {
    opset,
    feeds,
    nodes: [node('Pow', 'x e', 'y')],
    initializers: { e: floats([1.5], []) },
  });
}
for (const opset of [9, 12, 17]) {
  test('a choice', staysTheSame, {
    opset,
    nodes: [
      node('Cast', 'x', 'int', { to: 7 }),
      node('Cast', 'int', 'condition', { to: 9 }),
      node('Where', 'condition x zero', 'y'),
    ],
    initializers: { zero: floats([0], []) },
  });
}
test('subscripts', staysTheSame, {
  opset: 12,
  nodes: [node('Einsum', 'x w', 'y', { equation: 'nchw,ck->nkhw' })],
  initializers: { w: randomFloats([3, 2], 'w') },
});

test('nodes in branches are upgraded too, and new names collide with none', async (t) => {
  const branch = (axis: number) =>
    graphAttribute({
      nodes: [node('ReduceSum', 'x', `r${axis}`, { axes: [axis], keepdims: 0 })],
      outputs: [value(`r${axis}`)],
    });
  const feeds = { x: randomInput([2, 3, 3]) };
  const old = model({
    opset: 11,
    inputs: inputsOf(feeds),
    nodes: [
      node('ReduceMean', 'x', 'r1::constant', { keepdims: 0 }),
      node('Greater', 'r1::constant zero', 'condition'),
      node('If', 'condition', 'y', { then_branch: branch(1), else_branch: branch(2) }),
    ],
    initializers: { zero: floats([0], []) },
  });
  expectSameOutputs(t, await runModel(importModel(old), feeds), await runModel(old, feeds));
});

test('tensors that Resize got to say nothing are left out', (t) => {
  const imported = importModel(
    model({
      opset: 11,
      inputs: inputsOf({ x }),
      nodes: [node('Resize', 'x none none sizes', 'a'), node('Resize', 'x none scales', 'y')],
      initializers: { none: floats([]), scales: floats([1, 1, 2, 2]), sizes: integers([2, 3, 7, 3]) },
    }),
  );
  t.deepEqual(
    imported.graph.nodes.map(({ inputs }) => inputs),
    [
      ['x', '', '', 'sizes'],
      ['x', '', 'scales'],
    ],
  );
});

test('a constant is not taken for a value of the same name inside a branch', (t) => {
  const then_branch = graphAttribute({
    nodes: [node('Neg', 'x', 'scales'), node('Resize', 'x scales', 't', { mode: 'nearest' })],
    outputs: ['t'],
  });
  const { graph } = importModel(
    model({
      opset: 10,
      inputs: inputsOf({ x }),
      nodes: [node('Greater', 'x x', 'c'), node('If', 'c', 'y', { then_branch })],
      initializers: { scales: floats([1, 1, 0.5, 0.5]) },
    }),
  );
  const branch = graph.nodes[1]?.attributes.get('then_branch');
  const resize = branch?.type === 'graph' ? branch.value.nodes[1] : undefined;
  t.deepEqual(resize?.attributes.get('nearest_mode'), { type: 'string', value: 'floor' });
});

test('what cannot be told in opset 18 is named', (t) => {
  const nodes = [
    node('Scan', '- x', 'y', {
      num_scan_inputs: 1,
      body: graphAttribute({ nodes: [], inputs: [value('e')], outputs: ['e'] }),
    }),
  ];
  const error = t.throws(() => importModel(model({ opset: 8, nodes, inputs: [value('x')] })), {
    instanceOf: EngineError,
  });
  t.is(error.code, 'INVALID_MODEL');
  t.is(error.message, 'expected Scan (node Scan y) of opset 9 or later, got opset 8');
});

test('an opset that is newer than 18 stays', (t) => {
  const nodes = [node('Relu', 'x', 'y')];
  const imported = importModel(model({ opset: 21, nodes, inputs: [value('x')] }));
  t.is(imported.opsets.get(''), 21);
  t.deepEqual(imported.graph.nodes, nodes);
});
