import { readFileSync } from 'node:fs';
import test from 'ava';
import { inspectModel } from '../../../src/engine/inspection/inspect-model.js';
import { parseModelConfig } from '../../../src/engine/models/model-config.js';
import { float32Tensor, int64Tensor } from '../../../src/engine/onnx/tensor-value.js';
import { float32, modelFile, node, runtime } from '../../support/small-models.js';
import { streetSource } from '../../support/street.js';

const inspect = (file: Uint8Array) =>
  inspectModel(
    { file, externalFiles: new Map(), sha256: 'abc' },
    { size: [6, 8], runtime, memoryBudgetBytes: 2 ** 30 },
  );

test('the street model is suggested as what it is, and its step is timed', async (t) => {
  const { outputs, operators, suggestedConfig, step, attacked } = await inspect(Buffer.from(streetSource().file));
  t.is(attacked, 'image');
  t.deepEqual(
    outputs.map(({ name, sampledShape, obstacles }) => [name, sampledShape?.join(), obstacles.length]),
    [
      ['segmentation', '1,19,64,128', 0],
      ['depth', '1,1,64,128', 0],
      ['reconstruction', '1,3,64,128', 0],
    ],
  );
  t.deepEqual(
    operators.find(({ type }) => type === 'Conv'),
    { type: 'Conv', count: 16, gradient: 'rule' },
  );
  const { input, tasks } = parseModelConfig(suggestedConfig);
  t.like(input, { kind: 'image', layout: 'NCHW', colorOrder: 'RGB' });
  t.deepEqual(
    tasks.map(({ name, kind }) => [name, kind]),
    [
      ['segmentation', 'semantic-segmentation'],
      ['depth', 'regression'],
      ['reconstruction', 'regression'],
    ],
  );
  t.deepEqual(step?.inputShape, [1, 3, 64, 128]);
  t.true((step?.stepMs ?? 0) > 0 && (step?.forwardMs ?? 0) > 0 && (step?.compileMs ?? 0) > 0);
  t.true((step?.multiplyAdds ?? 0) > 1e8 && (step?.memoryBytes ?? 0) > 1e6);
});

test('where post-processing cuts the gradient, the tensors before the cut are named and suggested', async (t) => {
  const file = modelFile({
    inputs: [float32('x', 'N', 3, 'h', 'w')],
    outputs: [
      { name: 'label', dataType: 'int64', shape: ['N', 'h', 'w'] },
      { name: 'best', dataType: 'float32', shape: ['N', 1, 'h', 'w'] },
    ],
    nodes: [
      node('Conv', ['x', 'w'], ['logits'], { pads: [0, 0, 0, 0] }),
      node('Softmax', ['logits'], ['shares'], { axis: 1 }),
      node('ArgMax', ['shares'], ['label'], { axis: 1, keepdims: 0 }),
      node('ReduceMax', ['shares', 'one'], ['best'], { keepdims: 1 }),
    ],
    constants: {
      w: float32Tensor(
        Float32Array.from({ length: 15 }, (_, i) => Math.sin(i)),
        [5, 3, 1, 1],
      ),
      one: int64Tensor([1]),
    },
  });
  const { outputs, suggestedConfig, step } = await inspect(file);
  const [label, best] = outputs;
  t.deepEqual(label?.readable, ['shares']);
  t.regex(label?.obstacles[0] ?? '', /ArgMax/);
  t.deepEqual([best?.obstacles, best?.readable], [[], ['best']]);
  const { tasks, input } = parseModelConfig(suggestedConfig);
  t.is(input.kind, 'image');
  t.like(tasks[0], { name: 'shares', kind: 'semantic-segmentation', activation: 'softmax' });
  t.like(tasks[1], { name: 'best', kind: 'regression' });
  t.deepEqual(step?.inputShape, [1, 3, 6, 8], 'the size is the one that was asked for');
});

test('a graph without any gradient says why there is no step', async (t) => {
  const file = modelFile({
    inputs: [float32('x', 'N', 2, 2)],
    outputs: [float32('area', 'N')],
    nodes: [node('Det', ['x'], ['area'])],
  });
  const { step, stepProblem, outputs } = await inspect(file);
  t.is(step, undefined);
  t.regex(stepProblem ?? '', /Det/);
  t.regex(outputs[0]?.obstacles[0] ?? '', /Det \(node area\) has no gradient rule/);
});

test('inputs beside the attacked one are suggested as constants', async (t) => {
  const file = modelFile({
    inputs: [float32('scale', 1), float32('x', 'N', 1, 4, 4)],
    outputs: [float32('y', 'N', 1, 4, 4)],
    nodes: [node('Mul', ['x', 'scale'], ['y'])],
  });
  const { suggestedConfig, attacked, step } = await inspect(file);
  t.is(attacked, 'x');
  const { input, otherInputs } = parseModelConfig(suggestedConfig);
  t.like(input, { kind: 'image', name: 'x', colorOrder: 'GREY' });
  t.deepEqual(otherInputs, [{ name: 'scale', value: 1 }]);
  t.truthy(step);
});

test('bytes that are no model are refused', async (t) => {
  const file = readFileSync(new URL(import.meta.url));
  await t.throwsAsync(inspect(file), { code: 'INVALID_MODEL' } as object);
});
