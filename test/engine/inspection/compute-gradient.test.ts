import test from 'ava';
import { computeGradient } from '../../../src/engine/inspection/compute-gradient.js';
import { float32Tensor } from '../../../src/engine/onnx/tensor-value.js';
import { linearModel } from '../../support/feature-models.js';
import { float32, modelFile, node, runtime } from '../../support/small-models.js';

const array = (values: readonly number[], ...shape: readonly number[]) => ({ data: Float32Array.from(values), shape });
const asModel = (file: Uint8Array) => ({ file, externalFiles: new Map(), sha256: '' });

/** Logits x₁ and 2x₂. */
const model = asModel(
  linearModel([
    {
      name: 'y',
      weights: [
        [1, 0],
        [0, 2],
      ],
      bias: [0, 0],
    },
  ]),
);
const request = {
  model,
  input: array([300, -200, 0, 0], 2, 2),
  inputName: undefined,
  otherInputs: new Map(),
  target: array([1, 0], 2),
  loss: 'cross-entropy',
  output: 'y',
  classAxis: 1,
  activation: 'none',
  reduction: 'sum',
  ignoreIndex: undefined,
  provider: 'cpu',
  runtime,
  memoryBudgetBytes: 2 ** 28,
  timings: 1,
} as const;

test('the input is what the model takes, beyond any range of pixels', async (t) => {
  const { loss, losses, gradient, output, warnings } = await computeGradient(request);
  t.deepEqual([...output.data], [300, -400, 0, 0]);
  // log(1 + e^700) = 700, and log 2.
  t.deepEqual(
    [...losses].map((value) => value.toFixed(5)),
    ['700.00000', Math.log(2).toFixed(5)],
  );
  t.true(Math.abs(loss - 700 - Math.log(2)) < 1e-4);
  t.deepEqual([...gradient.data], [1, -2, -0.5, 1]);
  t.deepEqual(gradient.shape, [2, 2]);
  t.deepEqual(warnings, []);
});

test('examples combine as a sum or as a mean', async (t) => {
  const { loss, gradient } = await computeGradient({ ...request, reduction: 'mean' });
  t.true(Math.abs(loss - (700 + Math.log(2)) / 2) < 1e-4);
  t.deepEqual([...gradient.data], [0.5, -1, -0.25, 0.5]);
});

test('the loss of an example is the mean over its positions', async (t) => {
  const target = array([0, 0, 0, 0], 2, 2);
  const { losses, gradient } = await computeGradient({ ...request, loss: 'mse', target });
  t.deepEqual([...losses], [(300 ** 2 + 400 ** 2) / 2, 0]);
  t.deepEqual([...gradient.data], [300, -800, 0, 0]);
});

test('an ignored class takes no part', async (t) => {
  const { losses, gradient } = await computeGradient({ ...request, target: array([255, 0], 2), ignoreIndex: 255 });
  t.is(losses[0], 0);
  t.deepEqual([...gradient.data], [0, 0, -0.5, 1]);
});

for (const [what, change, warning] of [
  [
    'the output equals the target',
    { loss: 'l1', input: array([1, 2], 1, 2), target: array([1, 4], 1, 2) },
    /equals the target/,
  ],
  [
    'the loss is saturated',
    { input: array([300, -300], 1, 2), target: array([0], 1) },
    /0 everywhere: the loss is saturated/,
  ],
  ['every position is ignored', { target: array([9, 9], 2), ignoreIndex: 9 }, /every position is ignored/],
] as const) {
  test(`a gradient of 0 is told with its cause: ${what}`, async (t) => {
    const { warnings, gradient } = await computeGradient({ ...request, ...change });
    t.true(gradient.data.every((value) => value === 0));
    t.is(warnings.length, 1);
    t.regex(warnings[0] ?? '', warning);
  });
}

test('a gradient that is not finite is told', async (t) => {
  const root = modelFile({
    inputs: [float32('x', 'N', 2)],
    outputs: [float32('y', 'N', 2)],
    nodes: [node('Mul', ['x', 'big'], ['a']), node('Exp', ['a'], ['y'])],
    constants: { big: float32Tensor(Float32Array.of(100), []) },
  });
  const { warnings } = await computeGradient({
    ...request,
    model: asModel(root),
    loss: 'mse',
    input: array([1, 0], 1, 2),
    target: array([0, 0], 1, 2),
  });
  t.regex(warnings[0] ?? '', /infinite or NaN/);
});

for (const [what, change, expected] of [
  [
    'a target of another shape',
    { target: array([0, 0, 0], 3) },
    { code: 'INVALID_REQUEST', message: /target of shape \[2\], got \[3\]/ },
  ],
  ['an input of another shape', { input: array([0, 0, 0], 1, 3), target: array([0], 1) }, { code: 'INVALID_REQUEST' }],
  ['an output that does not exist', { output: 'z' }, { code: 'INVALID_MODEL' }],
] as const) {
  test(`${what} is refused`, async (t) => {
    await t.throwsAsync(computeGradient({ ...request, ...change }), expected as object);
  });
}
