import test from 'ava';
import { attackDefaults } from '../../../src/engine/attacks/defaults.js';
import { square } from '../../../src/engine/attacks/methods/square.js';
import type { RawTensor } from '../../../src/engine/models/raw-tensor.js';
import type { OpenRemote } from '../../../src/engine/models/remote/remote-model.js';
import { float32Tensor } from '../../../src/engine/onnx/tensor-value.js';
import { loadServedModel } from '../../../src/engine/runs/load-served-model.js';
import {
  features,
  float32,
  label,
  linearSource,
  modelFile,
  node,
  runtime,
  sourceOf,
} from '../../support/small-models.js';
import { attackSpec, finishAttack, freely, scenesUpTo, streetSource } from '../../support/street.js';

const options = { role: 'attack', runtime, memoryBudgetBytes: 2 ** 31 } as const;
const queries = (steps: number) => ({ ...attackDefaults, ...square.defaults, steps });

test('on the street model it does more harm than its own first query and than a random point', async (t) => {
  const model = await loadServedModel(streetSource(), options);
  t.teardown(() => model.dispose());
  const harm = async (attack: string, steps: number, change: object = {}) => {
    const parameters = { ...queries(steps), epsilon: 8, ...change };
    const { results, summary } = await finishAttack(
      model,
      attackSpec(model, attack, ['depth'], parameters, { fullBatches: false }),
      scenesUpTo(2),
    );
    t.deepEqual(
      results.map((result) => result.steps),
      [steps, steps],
    );
    t.is(summary.imageSteps, 2 * steps);
    for (const { perturbation } of results) t.true(perturbation.linf <= 8 + 1e-4);
    return results.map(({ tasks }) => tasks.find(({ task }) => task === 'depth')?.adversarialLoss as number);
  };
  const [start, found, random] = [
    await harm('square', 1),
    await harm('square', 60),
    await harm('pgd', 1, { randomStart: 'uniform', stepSize: 1e-6, earlyStop: false }),
  ];
  for (const n of [0, 1]) {
    t.true((found[n] as number) > (start[n] as number), `${found[n]} after 60 queries, ${start[n]} after the first`);
    t.true((found[n] as number) > (random[n] as number), `${found[n]} after 60 queries, ${random[n]} at random`);
  }
});

/** Classes by a linear rule that is rounded at the end: it predicts, but its gradient is 0 everywhere. */
const rounded = () =>
  sourceOf(
    modelFile({
      inputs: [float32('x', 'N', 2)],
      outputs: [float32('y', 'N', 2)],
      nodes: [node('MatMul', ['x', 'w'], ['z']), node('Round', ['z'], ['y'])],
      constants: { w: float32Tensor(Float32Array.of(10, 0, 0, 10), [2, 2]) },
    }),
    'input: { kind: features, range: [0, 1] }\ntasks:\n  - { name: class, kind: classification, output: y }\n',
  );

test('a model without a gradient is attacked all the same, and an attack that follows one is still refused', async (t) => {
  const model = await loadServedModel(rounded(), options);
  t.teardown(() => model.dispose());
  t.false(model.info.tasks[0]?.attackable);
  const inputs = [features('close', [0.5, 0.45], { class: label([0]) })];
  const spec = (attack: string) =>
    attackSpec(model, attack, ['class'], { ...queries(50), epsilon: 25.5 }, { loss: 'margin' });
  const { results, summary } = await finishAttack(model, spec('square'), inputs);
  t.true(results[0]?.tasks[0]?.broken);
  t.is(results[0]?.terminatedBy, 'early-stop');
  t.is(summary.examplesBroken, 1);
  await t.throwsAsync(finishAttack(model, spec('pgd'), inputs), { code: 'GRADIENT_UNAVAILABLE' });
});

test('queries are counted up to the one that broke an example, in all restarts', async (t) => {
  const source = linearSource(
    [
      {
        name: 'y',
        weights: [
          [1, 0],
          [0, 1],
        ],
        bias: [0, 0],
      },
    ],
    ['name: y, kind: classification'],
  );
  const model = await loadServedModel(source, options);
  t.teardown(() => model.dispose());
  const inputs = [
    features('broken at once', [0.4, 0.6], { y: label([0]) }),
    features('never', [0.9, 0.1], { y: label([0]) }),
  ];
  const spec = attackSpec(model, 'square', ['y'], { ...queries(7), restarts: 2, epsilon: 2.55 }, { loss: 'margin' });
  const { results, summary } = await finishAttack(model, spec, inputs);
  t.deepEqual(
    results.map(({ steps, terminatedBy }) => ({ steps, terminatedBy })),
    [
      { steps: 1, terminatedBy: 'early-stop' },
      { steps: 14, terminatedBy: 'completed' },
    ],
  );
  t.is(summary.imageSteps, 15);
});

test('losses and scores are those of the program that has gradients, to 1e-5', async (t) => {
  const model = await loadServedModel(streetSource(), options);
  t.teardown(() => model.dispose());
  for (const tasks of [['segmentation'], ['segmentation', 'depth', 'reconstruction']]) {
    const progress = async (attack: string) => {
      const parameters = { ...queries(1), earlyStop: false, stepSize: 1e-9, epsilon: 1e-6 };
      const job = {
        spec: attackSpec(model, attack, tasks, parameters),
        inputs: scenesUpTo(1),
        labelFree: false,
        progressEverySteps: 1,
        fields: [],
      };
      for await (const event of model.attack(job, freely())) {
        if (event.type === 'progress' && event.progress.phase === 'attacking') return event.progress;
      }
      return undefined;
    };
    const [byQuery, byProgram] = [await progress('square'), await progress('pgd')];
    for (const [c, { task, value }] of (byProgram?.losses ?? []).entries()) {
      t.is(byQuery?.losses[c]?.task, task);
      const other = byQuery?.losses[c]?.value as number;
      t.true(Math.abs(other - value) <= 1e-5 * Math.max(1, value), `${task}: ${other}, by the program ${value}`);
    }
    t.true(Math.abs((byQuery?.objective ?? 0) - (byProgram?.objective ?? 1)) < 1e-4);
  }
});

/** Scores that are the features themselves, as another server would compute them, and how many rows it was asked for. */
function counted(): { openRemote: OpenRemote; rows: number[] } {
  const rows: number[] = [];
  const value = (name: string) => ({ name, dataType: 'float32' as const, shape: [-1, 2] });
  return {
    rows,
    openRemote: async () => ({
      describe: async () => ({
        name: 'same',
        versions: ['1'],
        platform: 'test',
        inputs: [value('x')],
        outputs: [value('y')],
        maxBatch: undefined,
      }),
      async infer(feeds) {
        const x = feeds.get('x') as RawTensor;
        rows.push(x.shape[0] ?? 0);
        return new Map([['y', x]]);
      },
      close: () => undefined,
    }),
  };
}
const remoteYaml = `engine: remote
remote: { endpoint: "there:8001", model: same }
input: { kind: features, range: [0, 1] }
tasks:
  - { name: y, kind: classification }
`;

test('a remote is asked about no example that is broken, and about no padding', async (t) => {
  const { openRemote, rows } = counted();
  const model = await loadServedModel(sourceOf(new Uint8Array(), remoteYaml), { ...options, openRemote });
  t.teardown(() => model.dispose());
  const inputs = [
    features('at once', [0.4, 0.6], { y: label([0]) }),
    features('never', [0.9, 0.1], { y: label([0]) }),
    features('nor this', [0.1, 0.8], { y: label([1]) }),
  ];
  const spec = attackSpec(model, 'square', ['y'], { ...queries(4), epsilon: 2.55 }, { loss: 'margin' });
  const { results } = await finishAttack(model, spec, inputs);
  t.deepEqual(
    results.map(({ steps }) => steps),
    [1, 4, 4],
  );
  // The clean batch, four queries, and the verification, in batches of four.
  t.deepEqual(rows.slice(0, 5), [4, 3, 2, 2, 2]);
  t.true(rows.slice(5).every((count) => count === 4));
});

test('a targeted search lowers the loss of the target until it is reached', async (t) => {
  const { openRemote } = counted();
  const model = await loadServedModel(sourceOf(new Uint8Array(), remoteYaml), { ...options, openRemote });
  t.teardown(() => model.dispose());
  const inputs = [features('example', [0.55, 0.5], { y: label([1]) })];
  const spec = attackSpec(model, 'square', ['y'], { ...queries(30), epsilon: 25.5 }, { targeted: true });
  const { results } = await finishAttack(model, spec, inputs);
  t.is(results[0]?.terminatedBy, 'early-stop');
  t.true(results[0]?.tasks[0]?.broken);
  const [task] = results[0]?.tasks ?? [];
  t.true((task?.adversarialLoss ?? NaN) < (task?.cleanLoss ?? NaN));
});
