import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { Dataset, DatasetExample } from '../../../../src/engine/datasets/dataset.js';
import { checkReliability } from '../../../../src/engine/evaluation/reliability/check-reliability.js';
import type { ModelSource } from '../../../../src/engine/models/model-source.js';
import { float32Tensor } from '../../../../src/engine/onnx/tensor-value.js';
import { parseSpec } from '../../../../src/engine/runs/parse-spec.js';
import { datasetOf, featuresOf, inProcessTarget } from '../../../support/in-process-target.js';
import { float32, linearSource, modelFile, node, sourceOf } from '../../../support/small-models.js';
import { scene, scenePath, streetSource } from '../../../support/street.js';

const dataset = datasetOf([
  featuresOf('low', [0.2, 0.3], { class: 0 }),
  featuresOf('high', [0.8, 0.6], { class: 1 }),
  featuresOf('middle', [0.4, 0.35], { class: 0 }),
]);

const task = 'input: { kind: features, range: [0, 1] }\ntasks:\n  - { name: class, kind: classification }\n';
const weights = float32Tensor(Float32Array.of(-2, 2, -2, 2), [2, 2]);

/** Two classes from two features x, by nodes that turn `logits` (2 Σx − b against its negative) into `class`. */
const modelOf = (bias: number, scale: number, ...nodes: Parameters<typeof node>[]): ModelSource =>
  sourceOf(
    modelFile({
      inputs: [float32('x', 'N', 2)],
      outputs: [float32('class', 'N', 2)],
      nodes: [
        node('MatMul', ['x', 'weights'], ['product']),
        node('Add', ['product', 'bias'], ['logits']),
        ...nodes.map((parts) => node(...parts)),
      ],
      constants: {
        weights,
        bias: float32Tensor(Float32Array.of(bias, -bias), [2]),
        scale: float32Tensor(Float32Array.of(scale), []),
      },
    }),
    task,
  );

const honest = modelOf(2, 1, ['Mul', ['logits', 'scale'], ['class']]);
const saturated = modelOf(2, 1e4, ['Mul', ['logits', 'scale'], ['class']]);
const probabilities = modelOf(2, 1, ['Softmax', ['logits'], ['class'], { axis: 1 }]);

async function reasons(
  t: ExecutionContext,
  source: ModelSource,
  attack: string,
  of: Dataset = dataset,
): Promise<readonly string[]> {
  const target = await inProcessTarget(t, source);
  const options = { sample: 4, signal: new AbortController().signal };
  const doubts = await checkReliability(target, of, parseSpec(attack), options);
  t.true(doubts.every(({ message }) => message.length > 20));
  return doubts.map(({ reason }) => reason).toSorted();
}

test('a model without tricks and an attack that converges give nothing to doubt', async (t) => {
  t.deepEqual(await reasons(t, honest, 'pgd(steps=40,eps=4)'), []);
});

test('logits so large that the loss saturates are told by a gradient of 0', async (t) => {
  const found = await reasons(t, saturated, 'pgd(steps=10,eps=4,start=none)');
  t.true(found.includes('ZERO_GRADIENT'), found.join());
  t.true(found.includes('VANISHING_GRADIENT'), found.join());
  t.true(found.includes('LARGE_EPSILON_FAILS'), found.join());
  t.true(found.includes('LOSS_NOT_RISING'), found.join());
});

test('a softmax that model.yaml does not tell of is found, and one that it tells of is none', async (t) => {
  t.true((await reasons(t, probabilities, 'pgd(steps=40,eps=4)')).includes('SOFTMAX_APPLIED'));
  const told = {
    ...probabilities,
    configText: task.replace('classification }', 'classification, activation: softmax }'),
  };
  t.deepEqual(await reasons(t, told, 'pgd(steps=40,eps=4)'), []);
});

test('too few steps are told by what twice as many still add', async (t) => {
  const number = linearSource([{ name: 'y', weights: [[1, 1]], bias: [0] }], ['name: y, kind: regression']);
  const numbers = datasetOf([featuresOf('a', [0.5, 0.5], { y: [-1] }), featuresOf('b', [0.4, 0.6], { y: [-1] })]);
  const slow = 'pgd(steps=4,eps=16,step=1,start=none)@sum(y=1)';
  t.true((await reasons(t, number, slow, numbers)).includes('MORE_STEPS_HELP'));
  t.deepEqual(await reasons(t, number, 'pgd(steps=40,eps=16,step=1)@sum(y=1)', numbers), []);
});

test('a model that draws numbers while it runs is told', async (t) => {
  const noisy = sourceOf(
    modelFile({
      inputs: [float32('x', 'N', 2)],
      outputs: [float32('class', 'N', 2), float32('noise', 'N', 2)],
      nodes: [
        node('MatMul', ['x', 'weights'], ['class']),
        node('RandomNormalLike', ['x'], ['draw']),
        node('Add', ['x', 'draw'], ['noise']),
      ],
      constants: { weights },
    }),
    `${task}  - { name: noise, kind: regression }\n`,
  );
  t.true((await reasons(t, noisy, 'pgd(steps=4,eps=4)@sum(class=1)')).includes('NON_DETERMINISTIC'));
});

test('at ε = 0 only the model is judged', async (t) => {
  t.deepEqual(await reasons(t, honest, 'pgd(eps=0)'), []);
  t.deepEqual(await reasons(t, probabilities, 'pgd(eps=0)'), ['SOFTMAX_APPLIED']);
});

test('the default probe of the demo model gives nothing to doubt', async (t) => {
  t.timeout(120_000);
  const example = (index: number): DatasetExample => {
    const { key, labels } = scene(index);
    const data = readFileSync(scenePath('leftImg8bit', index));
    return { key, input: { form: 'file', data }, labels };
  };
  const scenes = datasetOf([0, 1].map(example));
  t.deepEqual(await reasons(t, streetSource(), 'pgd(steps=50,eps=4)', scenes), []);
});

test('an attack by queries is not blamed for gradients, step sizes and budgets that it does not have', async (t) => {
  for (const steps of [30, 6000]) t.deepEqual(await reasons(t, honest, `square(steps=${steps},eps=4)`), []);
});
