import test from 'ava';
import type { EngineError } from '../../../src/engine/errors.js';
import type { ModelInfo } from '../../../src/engine/models/model-info.js';
import type { Network } from '../../../src/engine/models/network.js';
import { countQueries } from '../../../src/engine/runs/count-queries.js';
import type { CallKind, ComputeGate } from '../../../src/engine/runs/served-model.js';
import type { AttackSpec } from '../../../src/engine/runs/spec.js';
import { requireSurrogateFits } from '../../../src/engine/runs/transfer.js';
import { transferGate } from '../../../src/engine/runs/transfer-gate.js';
import { modelInfo, numberInfo } from '../../support/model-info.js';

const target = modelInfo([numberInfo('depth', { losses: ['l1', 'mse'], shape: [1, 4, 4] }), numberInfo('edges')], {
  input: { name: 'x', kind: 'image', shape: [3, 4, 4], layout: 'NCHW', colorOrder: 'RGB', range: [0, 255] },
});
const spec = {
  objective: { combination: 'sum', tasks: [{ task: 'depth', weight: 1, loss: 'l1' }] },
} as unknown as AttackSpec;
const [depth, edges] = target.tasks as [ModelInfo['tasks'][number], ModelInfo['tasks'][number]];

for (const [what, surrogate] of [
  ['the same model', target],
  ['one that lacks a task that is not attacked', { ...target, tasks: [depth] }],
  ['one whose lengths are open', { ...target, tasks: [{ ...depth, shape: [1, -1, -1] }, edges] }],
  ['one with other names for classes and outputs', { ...target, tasks: [{ ...depth, output: 'd', unit: 'km' }] }],
] as const) {
  test(`${what} may stand for a model`, (t) => {
    t.notThrows(() => requireSurrogateFits(target, surrogate, spec));
  });
}

for (const [what, change, reason] of [
  ['other lengths', { input: { ...target.input, shape: [3, 9, 9] } }, /takes .*\[3,9,9\] instead of/],
  ['another layout', { input: { ...target.input, layout: 'NHWC' } }, /images NHWC RGB/],
  ['another order of colours', { input: { ...target.input, colorOrder: 'BGR' } }, /images NCHW BGR/],
  ['another kind of input', { input: { ...target.input, kind: 'features' } }, /features in/],
  ['an input more', { extraInputs: [{ name: 'k', shape: [2] }] }, /other inputs are k instead of none/],
  ['no such task', { tasks: [edges] }, /it has no task depth/],
  ['another kind of task', { tasks: [{ ...depth, labelForm: 'multi-label' }] }, /its task depth is another/],
  ['other classes', { tasks: [{ ...depth, classCount: 3 }] }, /3 classes/],
  ['another size of output', { tasks: [{ ...depth, shape: [1, 8, 8] }] }, /its task depth is another/],
  ['no such loss', { tasks: [{ ...depth, losses: ['mse'] }] }, /has no loss l1/],
] as const) {
  test(`a model with ${what} may not, and the text says why`, (t) => {
    const surrogate = { ...target, name: 'other', version: '7', ...change } as ModelInfo;
    const error = t.throws<EngineError>(() => requireSurrogateFits(target, surrogate, spec));
    t.is(error?.code, 'GRADIENT_UNAVAILABLE');
    t.regex(error?.message ?? '', /^expected the surrogate other@7 to stand for /);
    t.regex(error?.message ?? '', reason);
  });
}

test('gradients wait for their turn here, and predictions for the other machine', async (t) => {
  const said: string[] = [];
  const gate = (name: string, sharing: number): ComputeGate => ({
    sharing,
    run: (kind, _estimate, _signal, call) => {
      said.push(`${name} ${kind}`);
      return call();
    },
  });
  const mixed = transferGate(gate('here', 3), gate('there', 1));
  const { signal } = new AbortController();
  for (const kind of ['compile', 'step', 'verify', 'predict'] satisfies CallKind[]) {
    await mixed.run(kind, 1, signal, async () => undefined);
  }
  t.deepEqual(said, ['here compile', 'here step', 'there verify', 'there predict']);
  t.is(mixed.sharing, 3);
});

for (const [fixedBatch, sizes, expected] of [
  [undefined, [1, 16, 3], 20],
  [4, [1, 4, 5], 16],
] as const) {
  test(`queries of a remote with batches of ${fixedBatch ?? 'any size'} are what it is sent`, async (t) => {
    const predict: Network['predict'] = async () => new Map();
    const remote = { info: { ...target, engine: 'remote', fixedBatch }, predict } as unknown as Network;
    const { network, queries } = countQueries(remote);
    for (const size of sizes) await network.predict({ data: new Float32Array(size), shape: [size, 1] }, new Map());
    t.is(queries(), expected);
  });
}
