import test, { type ExecutionContext } from 'ava';
import { EngineError } from '../../../../../src/engine/errors.js';
import { openTrainable } from '../../../../../src/engine/models/onnx/training/open-trainable.js';
import type { BatchNormMode, Trainable, TrainingInput } from '../../../../../src/engine/models/trainable.js';
import { decodeModel } from '../../../../../src/engine/onnx/decode-model.js';
import type { NodeDef, TensorValue } from '../../../../../src/engine/onnx/graph.js';
import { float32Tensor } from '../../../../../src/engine/onnx/tensor-value.js';
import { networkOf } from '../../../../../src/lab/networks/network-of.js';
import { float32, modelFile, node, runtime, sourceOf } from '../../../../support/small-models.js';
import { streetSource } from '../../../../support/street.js';
import { labSource } from '../../../../support/training-step.js';

const floats = (shape: readonly number[], ...values: readonly number[]): TensorValue =>
  float32Tensor(Float32Array.from(values), shape);

const MSE = 'input: { kind: features, range: [0, 255] }\ntasks: [{ name: y, kind: regression, loss: mse }]\n';

/** A network from `x` [N, 2] to `y` [N, 2]. */
const open = async (
  nodes: readonly NodeDef[],
  constants: Readonly<Record<string, TensorValue>>,
  frozen: readonly string[] = [],
): Promise<Trainable> => {
  const file = modelFile({ inputs: [float32('x', 'N', 2)], outputs: [float32('y', 'N', 2)], nodes, constants });
  return await openTrainable(sourceOf(file, MSE), { ...runtime, frozen });
};

/** Two examples, whose labels are 0. */
const inputOf = (trainable: Trainable, pixels: readonly number[] = [1, 2, 3, 5]): TrainingInput => ({
  pixels: { shape: [2, 2], data: Float32Array.from(pixels) },
  extraInputs: new Map(),
  weights: Float32Array.of(1, 1),
  isBalanced: false,
  labels: new Map([['y', new Float32Array(4)]]),
  valid: new Map([['y', new Uint8Array(4).fill(1)]]),
  state: trainable.initialState,
});

const requestOf = (batchNorm: BatchNormMode) => ({
  tasks: [{ task: 'y', loss: 'mse' }],
  inputShape: [2],
  batchSize: 2,
  batchNorm,
});

async function step(t: ExecutionContext, trainable: Trainable, batchNorm: BatchNormMode = 'batch') {
  const program = await trainable.trainingProgram(requestOf(batchNorm));
  t.teardown(() => program.dispose());
  return await program.run(inputOf(trainable));
}

const plain = (numbers: ReadonlyMap<string, Float32Array>): Record<string, readonly number[]> =>
  Object.fromEntries([...numbers].map(([name, data]) => [name, [...data]]));

test('a weight that is read twice, by a copy too, gets the sum of both', async (t) => {
  const trainable = await open(
    [node('Identity', ['w'], ['copy']), node('Mul', ['x', 'w'], ['once']), node('Mul', ['once', 'copy'], ['y'])],
    { w: floats([1, 2], 2, 3) },
  );
  const { gradients, losses } = await step(t, trainable);
  // y = w² x and L = Σ_n mean y² = Σ w⁴ x² / 2, so that dL/dw = 2 w³ Σ x².
  t.deepEqual(plain(gradients), { w: [2 * 8 * 10, 2 * 27 * 29] });
  t.deepEqual([...losses.data], [(16 * 1 + 81 * 4) / 2, (16 * 9 + 81 * 25) / 2]);
});

test('the derivative by the pixels is that of the state that is given', async (t) => {
  const trainable = await open([node('Mul', ['x', 'w'], ['y'])], { w: floats([1, 2], 2, 3) });
  const program = await trainable.pixelProgram(requestOf('running'));
  t.teardown(() => program.dispose());
  const state = new Map([['w', Float32Array.of(1, 10)]]);
  const { gradient, statistics } = await program.run({ ...inputOf(trainable), state });
  t.deepEqual([...gradient.data], [1, 200, 3, 500]); // w² x
  t.is(statistics.size, 0);
});

test('numbers that a program is built around, and those without axes, are no weights', async (t) => {
  const trainable = await open(
    [
      node('Mul', ['x', 'w'], ['scaled']),
      node('Clip', ['scaled', 'low', 'high'], ['clipped']),
      node('Mul', ['clipped', 'factor'], ['y']),
    ],
    { w: floats([1, 2], 2, 3), low: floats([], -9), high: floats([], 99), factor: floats([], 2) },
  );
  t.deepEqual([...trainable.parameters], [['w', [1, 2]]]);
});

test('weights are frozen by name, with * for any text', async (t) => {
  const nodes = [
    node('Mul', ['x', 'head.up.weight'], ['a']),
    node('Add', ['a', 'head.up.bias'], ['b']),
    node('Add', ['b', 'head-up-weight'], ['y']),
  ];
  const weight = floats([1, 2], 1, 2);
  const constants = { 'head.up.weight': weight, 'head.up.bias': weight, 'head-up-weight': weight };
  const names = async (...frozen: string[]) => [...(await open(nodes, constants, frozen)).parameters.keys()];
  t.deepEqual(await names('*.up.weight'), ['head.up.bias', 'head-up-weight']);
  t.deepEqual(await names('head.*'), ['head-up-weight']);
  t.deepEqual(await names('up'), ['head.up.weight', 'head.up.bias', 'head-up-weight']);
  const error = await t.throwsAsync(names('*'), { instanceOf: EngineError });
  t.is(error?.code, 'GRADIENT_UNAVAILABLE');
});

test('a weight behind a path without a derivative is none', async (t) => {
  const trainable = await open(
    [
      node('Add', ['x', 'lost'], ['shifted']),
      node('Round', ['shifted'], ['whole']),
      node('Mul', ['whole', 'w'], ['y']),
    ],
    { w: floats([1, 2], 2, 3), lost: floats([1, 2], 0, 0) },
  );
  t.deepEqual([...trainable.parameters.keys()], ['w']);
});

const normed = (): Promise<Trainable> =>
  open([node('BatchNormalization', ['x', 'gamma', 'beta', 'mean', 'variance'], ['y'])], {
    gamma: floats([2], 1, 2),
    beta: floats([2], 0, 1),
    mean: floats([2], 1, 2),
    variance: floats([2], 4, 9),
  });

test('running statistics are no parameters, and a batch says what it has of them', async (t) => {
  const trainable = await normed();
  t.deepEqual([...trainable.parameters.keys()], ['gamma', 'beta']);
  t.deepEqual(trainable.statistics, [{ mean: 'mean', variance: 'variance' }]);
  t.deepEqual([...trainable.initialState.keys()], ['gamma', 'beta', 'mean', 'variance']);
  const { statistics } = await step(t, trainable);
  // Of [1, 3] and [2, 5], with N − 1.
  t.deepEqual(plain(statistics), { mean: [2, 3.5], variance: [2, 4.5] });
  t.is((await step(t, trainable, 'running')).statistics.size, 0);
});

test('with running statistics a batch norm divides by those of the state', async (t) => {
  const trainable = await normed();
  const program = await trainable.trainingProgram(requestOf('running'));
  t.teardown(() => program.dispose());
  const state = new Map([
    ...trainable.initialState,
    ['mean', Float32Array.of(1, 2)],
    ['variance', Float32Array.of(1, 1)],
  ]);
  const { losses } = await program.run({ ...inputOf(trainable), state });
  // y = [0, 1] and [2, 7], but for ε.
  t.deepEqual(
    [...losses.data].map((loss) => Number(loss.toFixed(3))),
    [0.5, 26.5],
  );
});

test('numbers that are missing are told by their name', async (t) => {
  const trainable = await normed();
  const program = await trainable.trainingProgram(requestOf('batch'));
  t.teardown(() => program.dispose());
  const state = new Map([['gamma', Float32Array.of(1, 1)]]);
  const error = await t.throwsAsync(program.run({ ...inputOf(trainable), state }), { instanceOf: EngineError });
  t.is(error?.message, 'expected numbers of beta, got none');
});

test('a saved state is the same file with other numbers', async (t) => {
  const trainable = await normed();
  const state = new Map([...trainable.initialState].map(([name, data]) => [name, data.map((value) => value + 0.5)]));
  const before = decodeModel(trainable.encode(trainable.initialState), () => new Uint8Array());
  const after = decodeModel(trainable.encode(state), () => new Uint8Array());
  t.deepEqual({ ...after.graph, initializers: [] }, { ...before.graph, initializers: [] });
  t.deepEqual(after.graph.initializers.get('mean'), floats([2], 1.5, 2.5));
  const error = t.throws(() => trainable.encode(new Map([...state, ['beta', new Float32Array(3)]])), {
    instanceOf: EngineError,
  });
  t.is(error?.message, 'expected 2 numbers of beta, got 3');
});

test('the initial state gives the bytes of the file', async (t) => {
  const source = streetSource();
  const trainable = await openTrainable(source, { ...runtime, frozen: [] });
  t.deepEqual(trainable.encode(trainable.initialState), new Uint8Array(source.file));
  t.deepEqual(trainable.statistics, []); // folded by the exporter
  t.is(trainable.parameters.size, 32);
});

test('weights beside the file lie in what is saved', async (t) => {
  const network = networkOf({ architecture: 'drn-d-22-small', tasks: ['depth'], decoders: 'shared', seed: 1 });
  const source = labSource(network);
  const trainable = await openTrainable(source, { ...runtime, frozen: network.frozen });
  const file = trainable.encode(trainable.initialState);
  const saved = await openTrainable(
    { ...source, file, externalFiles: new Map() },
    { ...runtime, frozen: network.frozen },
  );
  t.deepEqual([...saved.initialState], [...trainable.initialState]);
});

test('weights of 16 bits are refused', async (t) => {
  const half: TensorValue = { dataType: 'float16', shape: [2], bytes: new Uint8Array(4) };
  const nodes = [node('Cast', ['half'], ['w'], { to: 1 }), node('Mul', ['x', 'w'], ['y'])];
  const error = await t.throwsAsync(open(nodes, { half }), { instanceOf: EngineError });
  t.is(error?.code, 'INVALID_MODEL');
  t.regex(error?.message ?? '', /^expected a model of float32 weights to train/);
});
