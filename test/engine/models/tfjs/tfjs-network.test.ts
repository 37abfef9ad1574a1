import test from 'ava';
import { EngineError } from '../../../../src/engine/errors.js';
import { loadNetwork } from '../../../../src/engine/models/load-network.js';
import type { ModelSource } from '../../../../src/engine/models/model-source.js';
import type { Network, ProgramInput } from '../../../../src/engine/models/network.js';
import type { Shape } from '../../../../src/engine/tensor/shape.js';
import { sizeOf } from '../../../../src/engine/tensor/shape.js';
import { manyHeads } from '../../../support/many-heads.js';
import { floats, randomFloats } from '../../../support/models.js';
import { openNetwork, runtime } from '../../../support/small-models.js';
import {
  graphModel,
  graphNode,
  int32s,
  ints,
  onBackend,
  placeholder,
  tfjsSource,
  twinOf,
  word,
  words,
} from '../../../support/tfjs.js';

const features = { kind: 'features', range: [0, 255] };
const regression = (name: string, more: object = {}): object => ({ name, kind: 'regression', loss: 'mse', ...more });

/** ∂(mean of output²)/∂pixels of the one task, for one example. */
async function slope(network: Network, pixels: readonly number[], shape: Shape, more: Partial<ProgramInput> = {}) {
  const [task] = network.info.tasks;
  const { outputShapes } = await network.plan(shape);
  const size = sizeOf(outputShapes.get(task?.name ?? '') ?? []);
  const program = await network.program({
    tasks: [{ task: task?.name ?? '', loss: 'mse' }],
    inputShape: shape,
    batchSize: 1,
  });
  const { gradient } = await program.run({
    pixels: { data: Float32Array.from(pixels), shape: [1, ...shape] },
    extraInputs: new Map(),
    weights: Float32Array.of(1),
    isBalanced: false,
    labels: new Map([[task?.name ?? '', new Float32Array(size)]]),
    valid: new Map([[task?.name ?? '', new Uint8Array(size).fill(1)]]),
    ...more,
  });
  return [...gradient.data];
}

/** y = x · w, elementwise. */
const scaled = (tasks: readonly object[], more: object = {}): ModelSource =>
  tfjsSource(
    ...graphModel(
      [placeholder('x', [-1, 2]), graphNode('Mul', 'x w', 'm'), graphNode('AddV2', 'm w', 'y')],
      { w: floats([2, 3]) },
      { inputs: { image: { name: 'x:0' } }, outputs: { result: { name: 'y:0' } } },
    ),
    { backends: ['wasm'], input: features, tasks, ...more },
  );

test('a graph goes by the names of its signature, and knows its nodes by their own', async (t) => {
  const network = await openNetwork(t, scaled([regression('result'), regression('inside', { output: 'm' })]));
  t.is(network.info.input.name, 'image');
  t.like(network.info, { engine: 'tfjs', provider: 'wasm', providerFallbacks: [], fixedBatch: undefined });
  const outputs = await network.predict({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] }, new Map());
  t.deepEqual([...(outputs.get('result')?.data ?? [])], [4, 9, 8, 15]);
  t.deepEqual([...(outputs.get('inside')?.data ?? [])], [2, 6, 6, 12]);
  // mean of (w x + w)²: 2 w (w x + w) / 2
  t.deepEqual(await slope(network, [1, 2], [2]), [8, 27]);
});

/** conv with a bias in one node, as converters write it. */
const fusedConvolution = (rate: number, activation: readonly string[]): ModelSource =>
  tfjsSource(
    ...graphModel(
      [
        placeholder('x', [-1, 6, 6, 1]),
        graphNode('_FusedConv2D', 'x w b', 'y', {
          strides: ints(1, 1, 1, 1),
          dilations: ints(1, rate, rate, 1),
          padding: word('SAME'),
          data_format: word('NHWC'),
          fused_ops: words('BiasAdd', ...activation),
          num_args: { i: '1' },
          T: { type: 'DT_FLOAT' },
        }),
      ],
      { w: randomFloats([3, 3, 1, 2], 'w'), b: floats([0.5, -0.25]) },
    ),
    { backends: ['wasm'], input: { ...features, range: [0, 1] }, tasks: [regression('y')] },
  );

for (const [rate, activation] of [
  [1, []],
  [2, []],
  [2, ['Relu']],
] as const) {
  const name = activation[0] ?? 'no activation';
  test(`a convolution fused with its bias has a gradient at dilation ${rate} with ${name}`, async (t) => {
    const messages: string[] = [];
    const network = await openNetwork(t, fusedConvolution(rate, activation), {
      warn: (message) => messages.push(message),
    });
    t.deepEqual(network.info.tasks[0]?.gradientObstacles, []);
    const pixels = Array.from({ length: 36 }, (_, i) => (11 * i) % 17);
    const lossAt = async (values: readonly number[]): Promise<number> => {
      const output = await network.predict({ data: Float32Array.from(values), shape: [1, 6, 6, 1] }, new Map());
      return (output.get('y')?.data ?? new Float32Array()).reduce((sum, y) => sum + (y * y) / 72, 0);
    };
    const gradient = await slope(network, pixels, [6, 6, 1]);
    for (const i of [0, 7, 14, 35]) {
      const [up, down] = await Promise.all([1, -1].map((h) => lossAt(pixels.with(i, (pixels[i] ?? 0) + h))));
      const expected = ((up ?? 0) - (down ?? 0)) / 2;
      t.true(
        Math.abs((gradient[i] ?? NaN) - expected) <= 2e-2 * Math.abs(expected) + 1e-7,
        `${i}: ${gradient[i]}, ${expected}`,
      );
    }
    // The gradient of the weights, which nobody asked for, would have needed a kernel that WebAssembly has not.
    t.deepEqual(messages, []);
  });
}

test('whole-number and true-or-false inputs get numbers of their kind, and gradients pass through rounding', async (t) => {
  const source = tfjsSource(
    ...graphModel([
      placeholder('x', [-1, 2], 'int32'),
      placeholder('scale', [-1, 1], 'int32'),
      placeholder('isOn', [1], 'bool'),
      graphNode('Cast', 'x', 'xf', { SrcT: { type: 'DT_INT32' }, DstT: { type: 'DT_FLOAT' } }),
      graphNode('Cast', 'scale', 'sf', { SrcT: { type: 'DT_INT32' }, DstT: { type: 'DT_FLOAT' } }),
      graphNode('Mul', 'xf sf', 'p'),
      graphNode('SelectV2', 'isOn p xf', 'y'),
    ]),
    {
      backends: ['wasm'],
      input: { ...features, name: 'x' },
      otherInputs: [
        { name: 'scale', perRequest: true },
        { name: 'isOn', value: 1 },
      ],
      tasks: [regression('y')],
    },
  );
  const network = await openNetwork(t, source);
  t.deepEqual(network.info.extraInputs, [{ name: 'scale', shape: [1] }]);
  const extraInputs = new Map([['scale', { data: Float32Array.of(3), shape: [1, 1] }]]);
  const output = await network.predict({ data: Float32Array.of(1.6, 2.4), shape: [1, 2] }, extraInputs);
  t.deepEqual([...(output.get('y')?.data ?? [])], [6, 6]);
  // mean of (3 round x)²: 3 · 2 · (3 round x) / 2
  t.deepEqual(await slope(network, [1.6, 2.4], [2], { extraInputs }), [18, 18]);
  const missing = network.predict({ data: Float32Array.of(1, 2), shape: [1, 2] }, new Map());
  await t.throwsAsync(missing, { message: 'expected a tensor for the input scale, got none' });
});

test('a graph tells its own signature, and takes and gives its own tensors', async (t) => {
  const source = tfjsSource(
    ...graphModel([
      placeholder('x', [-1, 2]),
      placeholder('isOn', [1], 'bool'),
      graphNode('Cast', 'x', 'y', { SrcT: { type: 'DT_FLOAT' }, DstT: { type: 'DT_INT32' } }),
      graphNode('SelectV2', 'isOn x x', 'z'),
    ]),
    {
      backends: ['wasm'],
      input: { ...features, name: 'x' },
      otherInputs: [{ name: 'isOn', value: 1 }],
      tasks: [regression('z')],
    },
  );
  const network = await openNetwork(t, source);
  t.deepEqual(network.info.signature, {
    inputs: [
      { name: 'x', dataType: 'float32', shape: [-1, 2], hasDefault: false },
      { name: 'isOn', dataType: 'bool', shape: [1], hasDefault: true },
    ],
    outputs: ['y', 'z'].map((name) => ({
      name,
      dataType: name === 'y' ? 'int32' : 'float32',
      shape: [-1, -1],
      hasDefault: false,
    })),
  });
  const x = { dataType: 'float32', shape: [1, 2], data: new Uint8Array(Float32Array.of(2, 7).buffer) } as const;
  const outputs = await network.infer(new Map([['x', x]]), ['y']);
  t.deepEqual(
    [...outputs],
    [['y', { dataType: 'int32', shape: [1, 2], data: new Uint8Array(Int32Array.of(2, 7).buffer) }]],
  );
});

test('a graph of a fixed batch runs as often as it takes', async (t) => {
  const source = tfjsSource(...graphModel([placeholder('x', [2, 1]), graphNode('Square', 'x', 'y')]), {
    backends: ['wasm'],
    input: features,
    tasks: [regression('y')],
  });
  const network = await openNetwork(t, source);
  t.is(network.info.fixedBatch, 2);
  const outputs = await network.predict({ data: Float32Array.of(1, 2, 3), shape: [3, 1] }, new Map());
  t.deepEqual([...(outputs.get('y')?.data ?? [])], [1, 4, 9]);
});

test('what has no gradient is told when the model is loaded, and refused as a program', async (t) => {
  const source = tfjsSource(
    ...graphModel(
      [
        placeholder('x', [-1, 3]),
        graphNode('Round', 'x', 'flat'),
        graphNode('Erf', 'flat', 'rounded'),
        graphNode('Cumprod', 'x axis', 'product'),
        graphNode('Identity', 'w', 'alone'),
        graphNode('AddV2', 'x flat', 'both'),
      ],
      { axis: int32s([1], []), w: floats([1, 2, 3], [1, 3]) },
    ),
    {
      backends: ['wasm'],
      input: features,
      tasks: ['rounded', 'product', 'alone', 'both'].map((name) => regression(name)),
    },
  );
  const network = await openNetwork(t, source);
  t.deepEqual(
    network.info.tasks.map(({ attackable, gradientObstacles }) => [attackable, ...gradientObstacles]),
    [
      [false, 'Round cuts the path: it is flat'],
      [false, 'Cumprod has no gradient in TF.js'],
      [false, 'alone does not depend on the input'],
      [true],
    ],
  );
  const gradients = new Map(network.info.operators.map(({ type, gradient }) => [type, gradient]));
  t.deepEqual([gradients.get('Round'), gradients.get('Cumprod'), gradients.get('Add')], ['zero', 'missing', 'rule']);
  const refused = network.program({ tasks: [{ task: 'product', loss: 'mse' }], inputShape: [3], batchSize: 1 });
  await t.throwsAsync(refused, {
    code: 'GRADIENT_UNAVAILABLE',
    message: 'expected a gradient of product by the pixels, but Cumprod has no gradient in TF.js',
  });
});

const refuses = test.macro<[source: ModelSource, code: string, message: RegExp]>({
  title: (name) => `${name} is refused`,
  async exec(t, source, code, message) {
    const loading = loadNetwork(source, { role: 'attack', runtime, memoryBudgetBytes: 2 ** 28 });
    await t.throwsAsync(loading, { instanceOf: EngineError, code, message });
  },
});

const square = (node: object, more: object = {}): ModelSource =>
  tfjsSource(...graphModel([placeholder('x', [-1, 2]), node]), {
    backends: ['wasm'],
    input: features,
    tasks: [regression('y')],
    ...more,
  });
const layers = (...list: readonly object[]): ModelSource =>
  tfjsSource(
    JSON.stringify({
      format: 'layers-model',
      modelTopology: {
        class_name: 'Sequential',
        config: { name: 's', layers: list },
        keras_version: '2.15.0',
        backend: 'tensorflow',
      },
      weightsManifest: [],
    }),
    new Uint8Array(),
    { backends: ['wasm'], input: features, tasks: [regression('y')] },
  );

test(
  'a layer of somebody else',
  refuses,
  layers({ class_name: 'SpectralGate', config: { name: 'y', batch_input_shape: [null, 2] } }),
  'UNSUPPORTED_OP',
  /^expected layers that TF\.js knows, got SpectralGate: a custom layer's code is not in the file\. Export the model as a graph/,
);
test(
  'a model of Keras 3',
  refuses,
  layers(
    { class_name: 'InputLayer', config: { name: 'x', batch_shape: [null, 2] } },
    { class_name: 'Activation', config: { name: 'y', activation: 'relu' } },
  ),
  'INVALID_MODEL',
  /^expected a model that TF\.js loads, got: .*: Keras 3 writes what TF\.js 4 does not read/,
);
test(
  'an operation that TF.js does not know',
  refuses,
  square(graphNode('FancyOp', 'x', 'y')),
  'UNSUPPORTED_OP',
  /^expected operations that TF\.js runs, got FancyOp$/,
);
test('an output that is not there', refuses, square(graphNode('Square', 'x', 'z')), 'INVALID_MODEL', /got y$/);
test(
  'an input that is not there',
  refuses,
  square(graphNode('Square', 'x', 'y'), { input: { ...features, name: 'pixels' } }),
  'INVALID_MODEL',
  /^expected an input of the graph \(x\), got pixels$/,
);
test(
  'a model without a backend that works',
  refuses,
  square(graphNode('Square', 'x', 'y'), { backends: ['webgpu'] }),
  'RUNTIME_UNAVAILABLE',
  /^expected one of the backends webgpu to run the model, got: webgpu: expected TF\.js to compute on webgpu, but /,
);

test('a backend that is not there is passed over, and the model says why', async (t) => {
  const network = await openNetwork(t, square(graphNode('Square', 'x', 'y'), { backends: ['webgpu', 'cpu'] }));
  t.is(network.info.provider, 'cpu');
  t.is(network.info.providerFallbacks.length, 1);
  t.regex(network.info.providerFallbacks[0] ?? '', /^webgpu: expected TF\.js to compute on webgpu, but /);
});

test('a step that would not fit the memory budget is refused', async (t) => {
  const network = await openNetwork(t, square(graphNode('Square', 'x', 'y')), { memoryBudgetBytes: 20 });
  const program = network.program({ tasks: [{ task: 'y', loss: 'mse' }], inputShape: [2], batchSize: 1 });
  await t.throwsAsync(program, { code: 'MEMORY_BUDGET_EXCEEDED' });
});

test('a shape that the model does not take is refused', async (t) => {
  const network = await openNetwork(t, scaled([regression('result')]));
  await t.throwsAsync(network.plan([3]), {
    code: 'INVALID_REQUEST',
    message: /^expected a model that runs on the input/,
  });
});

test.serial('a model that is disposed of leaves nothing behind, whatever of it was used', async (t) => {
  const { tf } = await onBackend('wasm');
  const before = { ...tf.memory() };
  const source = twinOf(manyHeads(), 'wasm');
  const network = await loadNetwork(source, { role: 'attack', runtime, memoryBudgetBytes: 2 ** 28 });
  const pixels = { data: new Float32Array(12 * 16 * 3).fill(99), shape: [1, 12, 16, 3] };
  await network.predict(pixels, new Map());
  const program = await network.program({
    tasks: [{ task: 'bits', loss: 'bce' }],
    inputShape: [12, 16, 3],
    batchSize: 1,
  });
  await program.run({
    pixels,
    extraInputs: new Map(),
    weights: Float32Array.of(1),
    isBalanced: false,
    labels: new Map([['bits', Float32Array.of(0, 1, 1, 0)]]),
    valid: new Map([['bits', Uint8Array.of(1, 1, 1, 1)]]),
  });
  await network.dispose();
  t.deepEqual({ ...tf.memory() }, before);
});

test.serial('over 10 000 steps TF.js holds as many tensors and bytes as after the first', async (t) => {
  t.timeout(300_000);
  const { tf } = await onBackend('wasm');
  const network = await openNetwork(t, scaled([regression('result')]));
  const program = await network.program({ tasks: [{ task: 'result', loss: 'mse' }], inputShape: [2], batchSize: 1 });
  const input: ProgramInput = {
    pixels: { data: Float32Array.of(1, 2), shape: [1, 2] },
    extraInputs: new Map(),
    weights: Float32Array.of(1),
    isBalanced: true,
    labels: new Map([['result', new Float32Array(2)]]),
    valid: new Map([['result', Uint8Array.of(1, 1)]]),
  };
  const counts = ({ numTensors, numDataBuffers, numBytes } = tf.memory()) => ({ numTensors, numDataBuffers, numBytes });
  await program.run(input);
  await network.predict(input.pixels, new Map());
  const after = counts();
  for (let i = 0; i < 10_000; i++) await program.run(input);
  await network.predict(input.pixels, new Map());
  t.deepEqual(counts(), after);
});
