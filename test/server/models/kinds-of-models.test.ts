// Models that are not an image in and some maps out, as clients of a gateway see them.
import test, { type ExecutionContext } from 'ava';
import {
  AttackField,
  arrayOf,
  type Client,
  collectAttack,
  PredictField,
  type RobustgateError,
} from '../../../src/clients/index.js';
import { GradientSupport } from '../../../src/contract/robustgate/v1/model.js';
import { float32Tensor, int64Tensor } from '../../../src/engine/onnx/tensor-value.js';
import { featureExample, floatTensor } from '../../support/feature-models.js';
import { addVersion, gatewayOf } from '../../support/gateway.js';
import { float32, modelFile, node } from '../../support/small-models.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** A client of a gateway that serves one model, `m`. */
async function clientOf(t: ExecutionContext, model: Uint8Array, config: string): Promise<Client> {
  const repository = await temporaryFolder(t);
  await addVersion(repository, 'm', '1', { config, model });
  return (await gatewayOf(t, repository)).client;
}

const close = (t: ExecutionContext, got: ArrayLike<number> | undefined, expected: readonly number[]): void => {
  t.is(got?.length, expected.length);
  for (const [i, value] of expected.entries()) {
    t.true(Math.abs((got?.[i] ?? Number.NaN) - value) < 1e-5, `expected ${expected}, got ${got}`);
  }
};

/** y = x · scale · c, of which only x is attacked. */
const scaled = modelFile({
  inputs: [float32('x', 'N', 2), float32('scale', 'N', 2), float32('c', 1)],
  outputs: [float32('y', 'N', 2)],
  nodes: [node('Mul', ['x', 'scale'], ['scaled']), node('Mul', ['scaled', 'c'], ['y'])],
});
const scaledConfig = `
input: { kind: features, name: x, range: [-10, 10] }
otherInputs:
  - { name: scale, perRequest: true }
  - { name: c, value: 2 }
tasks:
  - { name: y, kind: regression, loss: mse }
`;
const scaledExample = (scale: readonly number[]) => ({
  ...featureExample('e', [1, -1], { y: [0, 0] }),
  extraInputs: { scale: floatTensor(scale) },
});

test('inputs that are not attacked come from model.yaml and from each example', async (t) => {
  const client = await clientOf(t, scaled, scaledConfig);
  const examples = [scaledExample([3, 0.5]), { ...scaledExample([1, 4]), key: 'f' }];
  const { predictions } = await client.predict({
    modelName: 'm',
    examples: examples.slice(0, 1),
    fields: [PredictField.RAW],
  });
  const raw = predictions[0]?.tasks[0]?.raw;
  close(t, raw && (arrayOf(raw) as Float32Array), [6, -1]);

  // ε is in levels, which are 255ths of the range.
  const attack = { name: 'fgsm', epsilon: (0.25 * 255) / 20 };
  const fields = [AttackField.ADVERSARIAL_TENSOR, AttackField.RAW_OUTPUTS];
  const { results } = await collectAttack(client.attack({ modelName: 'm', examples, attack, fields }));
  // L = ((2 s₁ x₁)² + (2 s₂ x₂)²) / 2 grows away from 0, whatever the scales are.
  for (const { payloads, result } of results) {
    const pixels = payloads.find(({ id }) => id?.field === AttackField.ADVERSARIAL_TENSOR);
    close(t, pixels && (arrayOf(pixels) as Float32Array), [1.25, -1.25]);
    const [s, u] = result.exampleKey === 'e' ? [3, 0.5] : [1, 4];
    const mse = (x: number): number => ((2 * s * x) ** 2 + (2 * u * x) ** 2) / 2;
    close(t, [(result.tasks[0]?.adversarialLoss ?? 0) / mse(1.25)], [1]);
  }
});

test('an example without an input that it must bring, or of another shape, is refused', async (t) => {
  const client = await clientOf(t, scaled, scaledConfig);
  for (const extraInputs of [
    {},
    { scale: floatTensor([1, 2, 3]) },
    { scale: floatTensor([1, 2]), z: floatTensor([1]) },
  ]) {
    const call = client.predict({ modelName: 'm', examples: [{ ...scaledExample([1, 1]), extraInputs }] });
    const error = await t.throwsAsync<RobustgateError>(call);
    t.is(error?.code, 'INVALID_REQUEST');
    t.regex(error?.violations[0]?.field ?? '', /^examples\[0\]\.extra_inputs/);
  }
});

/** Logits, and behind them what an exporter leaves in a file that is deployed: the number of the class. */
const decided = modelFile({
  inputs: [float32('x', 'N', 2)],
  outputs: [{ name: 'decision', dataType: 'int64', shape: ['N'] }],
  nodes: [node('MatMul', ['x', 'w'], ['logits']), node('ArgMax', ['logits'], ['decision'], { axis: 1, keepdims: 0 })],
  constants: { w: float32Tensor(Float32Array.of(1, 0, 0, 1), [2, 2]) },
});

test('a task can be a tensor inside of the graph, where the gradient path of the output is cut', async (t) => {
  const config =
    'input: { kind: features, range: [0, 1] }\ntasks: [{ name: class, kind: classification, output: logits }]\n';
  const client = await clientOf(t, decided, config);
  const [task] = (await client.getModel({ name: 'm' })).model?.tasks ?? [];
  t.true(task?.attackable);
  // The two logits are the features: their difference 0.2 is gone at ε = 0.1.
  for (const [epsilon, broken] of [
    [0.09, 0],
    [0.11, 1],
  ] as const) {
    const { summary } = await collectAttack(
      client.attack({
        modelName: 'm',
        examples: [featureExample('e', [0.6, 0.4], { class: 0 })],
        attack: { name: 'fgsm', epsilon: 255 * epsilon },
      }),
    );
    t.is(Number(summary.examplesBroken), broken);
  }
});

test('the output behind the cut cannot be attacked, and says which operator cuts it', async (t) => {
  const graph = modelFile({
    inputs: [float32('x', 'N', 2)],
    outputs: [float32('number', 'N', 1)],
    nodes: [node('ArgMax', ['x'], ['index'], { axis: 1, keepdims: 1 }), node('Cast', ['index'], ['number'], { to: 1 })],
  });
  const config = 'input: { kind: features, range: [0, 1] }\ntasks: [{ name: number, kind: regression }]\n';
  const client = await clientOf(t, graph, config);
  const [task] = (await client.getModel({ name: 'm' })).model?.tasks ?? [];
  t.false(task?.attackable);
  t.regex(task?.gradientObstacles.join() ?? '', /ArgMax/);
  const example = featureExample('e', [0.6, 0.4], { number: [0] });
  const error = await t.throwsAsync<RobustgateError>(
    collectAttack(client.attack({ modelName: 'm', examples: [example], attack: { name: 'fgsm', epsilon: 0.1 } })),
  );
  t.is(error?.code, 'GRADIENT_UNAVAILABLE');
  t.is(error?.statusName, 'FAILED_PRECONDITION');
  t.regex(error?.message ?? '', /ArgMax/);
});

/** A determinant, which has no gradient rule, beside a task that does not need it. */
const determinant = modelFile({
  inputs: [float32('x', 'N', 2, 2)],
  outputs: [float32('sum', 'N', 1), float32('area', 'N', 1)],
  nodes: [
    node('ReduceSum', ['x', 'axes'], ['sums'], { keepdims: 0 }),
    node('Reshape', ['sums', 'column'], ['sum']),
    node('Det', ['x'], ['det']),
    node('Reshape', ['det', 'column'], ['area']),
  ],
  constants: {
    axes: int64Tensor([1, 2]),
    column: int64Tensor([-1, 1]),
  },
});

test('an operator without a gradient stops attacks on the tasks behind it, and nothing else', async (t) => {
  const config = `
input: { kind: features, range: [0, 1] }
tasks:
  - { name: sum, kind: regression }
  - { name: area, kind: regression }
`;
  const client = await clientOf(t, determinant, config);
  const { model } = await client.getModel({ name: 'm' });
  t.deepEqual(
    model?.tasks.map(({ name, attackable }) => [name, attackable]),
    [
      ['sum', true],
      ['area', false],
    ],
  );
  t.is(model?.operators.find(({ type }) => type === 'Det')?.gradient, GradientSupport.MISSING);
  const example = {
    ...featureExample('e', [], {}),
    input: { $case: 'tensor' as const, value: floatTensor([0.5, 0.25, 0.5, 0.75], [2, 2]) },
    labels: featureExample('e', [], { sum: [0], area: [0] }).labels,
  };
  const { predictions } = await client.predict({ modelName: 'm', examples: [example] });
  close(
    t,
    predictions[0]?.tasks.map(({ metric }) => metric?.value ?? Number.NaN),
    [2, 0.25],
  );
  const attackOn = (task: string) =>
    collectAttack(
      client.attack({
        modelName: 'm',
        examples: [example],
        attack: { name: 'fgsm', epsilon: 0.1 },
        objective: { tasks: [{ task }] },
      }),
    );
  t.is((await attackOn('sum')).results.length, 1);
  const error = await t.throwsAsync<RobustgateError>(attackOn('area'));
  t.is(error?.code, 'UNSUPPORTED_OP');
  t.regex(error?.message ?? '', /task area.*Det.*det/s);
});
