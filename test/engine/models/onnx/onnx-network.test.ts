import test from 'ava';
import { loadNetwork } from '../../../../src/engine/models/load-network.js';
import { encodeModel } from '../../../../src/engine/onnx/encode-model.js';
import type { ModelDef } from '../../../../src/engine/onnx/graph.js';
import { floats, graphAttribute, integers, model, node, value } from '../../../support/models.js';

const options = { role: 'attack', runtime: { threads: 1, allowSpinning: false }, memoryBudgetBytes: 2 ** 30 } as const;

const open = (definition: ModelDef, task = 'name: y, kind: regression') =>
  loadNetwork(
    {
      name: 'tested',
      version: '1',
      configText: `input: { kind: features, range: [0, 1] }\ntasks: [{ ${task} }]`,
      file: encodeModel(definition).file,
      externalFiles: new Map(),
      sha256: '0',
    },
    options,
  );

test('a graph of an operator set that we do not read is served, and says why it cannot be attacked', async (t) => {
  const old = model({
    opset: 6,
    inputs: [value('x', 'float32', ['N', 2])],
    outputs: [value('y', 'float32', ['N', 2])],
    nodes: [node('Relu', 'x', 'y')],
  });
  const network = await open(old);
  t.teardown(() => network.dispose());
  const [task] = network.info.tasks;
  t.false(task?.attackable);
  t.regex(task?.gradientObstacles[0] ?? '', /expected an opset of 7 … 26, got 6/);
  await network.plan([2]);
  const outputs = await network.predict({ data: Float32Array.of(0, 255), shape: [1, 2] }, new Map());
  t.deepEqual([...(outputs.get('y')?.data ?? [])], [0, 1]);
  const wanted = { tasks: [{ task: 'y', loss: 'l1' }], inputShape: [2], batchSize: 1 };
  await t.throwsAsync(network.program(wanted), { code: 'GRADIENT_UNAVAILABLE', message: /opset of 7/ } as object);
});

test('a graph that neither we nor ONNX Runtime read is refused with our reason', async (t) => {
  const cyclic = model({
    inputs: [value('x', 'float32', ['N', 2])],
    outputs: [value('y', 'float32', ['N', 2])],
    nodes: [node('Add', 'x y', 'a'), node('Relu', 'a', 'y')],
  });
  await t.throwsAsync(open(cyclic), { code: 'INVALID_MODEL', message: /cycle|circle/i } as object);
});

test('an If that shapes decide does not stand in the way of attacks', async (t) => {
  const branched = model({
    inputs: [value('x', 'float32', ['N', 2])],
    outputs: [value('y', 'float32', ['N', 2])],
    nodes: [
      node('Shape', 'x', 's'),
      node('Gather', 's one', 'length'),
      node('Equal', 'length two', 'is'),
      node('If', 'is', 'y', {
        then_branch: graphAttribute({ nodes: [node('Mul', 'x three', 't')], outputs: ['t'] }),
        else_branch: graphAttribute({
          nodes: [node('NonZero', 'x', 'i'), node('Cast', 'i', 't', { to: 1 })],
          outputs: ['t'],
        }),
      }),
    ],
    initializers: { one: integers([1]), two: integers([2]), three: floats([3], []) },
  });
  const network = await open(branched);
  t.teardown(() => network.dispose());
  t.deepEqual(network.info.tasks[0]?.gradientObstacles, []);
  const program = await network.program({ tasks: [{ task: 'y', loss: 'l1' }], inputShape: [2], batchSize: 1 });
  const { gradient } = await program.run({
    pixels: { data: Float32Array.of(51, 102), shape: [1, 2] },
    extraInputs: new Map(),
    weights: Float32Array.of(1),
    isBalanced: false,
    labels: new Map([['y', Float32Array.of(0, 5)]]),
    valid: new Map([['y', Uint8Array.of(1, 1)]]),
  });
  // L = mean |3x/255 − label|, so each slope is ±3/(2·255).
  t.deepEqual(
    [...gradient.data].map((slope) => Math.round(slope * 255 * 2 * 1e4) / 1e4),
    [3, -3],
  );
});

/** [N, 6] features to an image [N, 3, h, w] of which the file tells no axis, as behind a Resize to a computed size. */
const mapped = model({
  inputs: [value('x', 'float32', ['N', 12])],
  outputs: [value('y', 'float32', ['N', 'c', 'h', 'w'])],
  nodes: [
    node('Shape', 'x', 'lengths'),
    node('Gather', 'lengths zero', 'n'),
    node('Concat', 'n rest', 'shape', { axis: 0 }),
    node('Reshape', 'x shape', 'y'),
  ],
  initializers: { zero: integers([0]), rest: integers([3, 2, 2]) },
});

test('where the file does not say how many classes there are, the model is asked', async (t) => {
  const network = await open(mapped, 'name: y, kind: semantic-segmentation');
  t.teardown(() => network.dispose());
  t.is(network.info.tasks[0]?.classCount, 3);
  t.true(network.info.tasks[0]?.attackable);
});

test('names of classes in model.yaml count where the file says nothing, right or wrong', async (t) => {
  const network = await open(mapped, 'name: y, kind: semantic-segmentation, classes: [a, b, c]');
  t.teardown(() => network.dispose());
  t.is(network.info.tasks[0]?.classCount, 3);
});

test('gradients of attention survive the optimisation of ONNX Runtime', async (t) => {
  // It moved the Pad that is the gradient of Gather past a transposition, and the program then failed.
  const attention = model({
    inputs: [value('x', 'float32', ['N', 3, 4, 2])],
    outputs: [value('y', 'float32', ['N', 4, 4])],
    nodes: [
      node('Transpose', 'x', 'parts', { perm: [1, 0, 2, 3] }),
      node('Gather', 'parts zero', 'q', { axis: 0 }),
      node('Gather', 'parts one', 'k', { axis: 0 }),
      node('Transpose', 'k', 'turned', { perm: [0, 2, 1] }),
      node('MatMul', 'q turned', 'y'),
    ],
    initializers: { zero: integers([0], []), one: integers([1], []) },
  });
  const network = await open(attention, 'name: y, kind: regression, loss: mse');
  t.teardown(() => network.dispose());
  const inputShape = [3, 4, 2];
  const program = await network.program({ tasks: [{ task: 'y', loss: 'mse' }], inputShape, batchSize: 2 });
  const data = Float32Array.from({ length: 48 }, (_, i) => (i * 29) % 256);
  const { gradient } = await program.run({
    pixels: { data, shape: [2, ...inputShape] },
    extraInputs: new Map(),
    weights: Float32Array.of(1, 1),
    isBalanced: false,
    labels: new Map([['y', new Float32Array(32)]]),
    valid: new Map([['y', new Uint8Array(32).fill(1)]]),
  });
  // L = mean (q kᵀ)², so dq = 2/16 (q kᵀ) k and dk = 2/16 (q kᵀ)ᵀ q; the third part is not read.
  for (const n of [0, 1]) {
    const at = (part: number, row: number, c: number) => 24 * n + 8 * part + 2 * row + c;
    const x = (...place: [number, number, number]) => (data[at(...place)] as number) / 255;
    const rows = [0, 1, 2, 3];
    const y = (i: number, j: number) => x(0, i, 0) * x(1, j, 0) + x(0, i, 1) * x(1, j, 1);
    for (const row of rows) {
      for (const c of [0, 1]) {
        const expected = [
          rows.reduce((sum, j) => sum + y(row, j) * x(1, j, c), 0) / 8,
          rows.reduce((sum, i) => sum + y(i, row) * x(0, i, c), 0) / 8,
          0,
        ];
        for (const [part, slope] of expected.entries()) {
          const got = gradient.data[at(part, row, c)] as number;
          t.true(Math.abs(got - slope / 255) < 1e-7, `part ${part}: got ${got}, expected ${slope / 255}`);
        }
      }
    }
  }
});
