import test from 'ava';
import { loadNetwork } from '../../../../src/engine/models/load-network.js';
import { encodeModel } from '../../../../src/engine/onnx/encode-model.js';
import type { ModelDef } from '../../../../src/engine/onnx/graph.js';
import { floats, graphAttribute, integers, model, node, value } from '../../../support/models.js';

const options = { role: 'attack', runtime: { threads: 1, allowSpinning: false }, memoryBudgetBytes: 2 ** 30 } as const;

const open = (definition: ModelDef) =>
  loadNetwork(
    {
      name: 'tested',
      version: '1',
      configText: 'input: { kind: features, range: [0, 1] }\ntasks: [{ name: y, kind: regression }]',
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
