// Answers that are known exactly, asked for through the gateway as any client would.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type Client, Combination, collectAttack, RandomStart } from '../../src/clients/index.js';
import { featureExample, type LinearHead, linearModel } from '../support/feature-models.js';
import { addVersion, gatewayOf } from '../support/gateway.js';

const config = (tasks: string): string => `input: { kind: features, range: [0, 1] }\ntasks:\n${tasks}`;
const task = (name: string, kind: string): string => `  - { name: ${name}, kind: ${kind} }\n`;

/** f(x) = w · x + b with w = (1.5, −2, 0.5), b = 0.1, as two scores of which the larger wins: ±f / 2. */
const binary: LinearHead = {
  name: 'sign',
  weights: [
    [-0.75, 1, -0.25],
    [0.75, -1, 0.25],
  ],
  bias: [-0.05, 0.05],
};
const threeClasses: LinearHead = {
  name: 'class',
  weights: [
    [1, 0, -1],
    [-0.5, 1, 0],
    [0, -1, 1],
  ],
  bias: [0, 0.05, -0.05],
};
const number = (name: string, ...weights: number[]): LinearHead => ({ name, weights: [weights], bias: [0] });

const teardowns: (() => unknown)[] = [];
test.after.always(async () => {
  for (const teardown of teardowns) await teardown();
});
let client: Client;
const models: readonly (readonly [name: string, tasks: string, heads: readonly LinearHead[]])[] = [
  ['binary', task('sign', 'classification'), [binary]],
  ['three', task('class', 'classification'), [threeClasses]],
  [
    'same',
    ['a', 'b', 'c', 'd'].map((name) => task(name, 'regression')).join(''),
    ['a', 'b', 'c', 'd'].map((name) => number(name, 3, -4)),
  ],
  ['apart', task('a', 'regression') + task('b', 'regression'), [number('a', 1, 0), number('b', 0, 1)]],
  ['opposed', task('a', 'regression') + task('b', 'regression'), [number('a', 1, 0), number('b', -1, 0)]],
  ['conflict', task('a', 'regression') + task('b', 'regression'), [number('a', 10), number('b', -1)]],
];
test.before(async () => {
  const repository = await mkdtemp(join(tmpdir(), 'robustgate-exact-'));
  teardowns.push(() => rm(repository, { recursive: true }));
  for (const [name, tasks, heads] of models) {
    await addVersion(repository, name, '1', { config: config(tasks), model: linearModel(heads) });
  }
  ({ client } = await gatewayOf({ teardown: (f) => void teardowns.push(f) }, repository));
});

/** Keys of the examples that an attack with this ε, in units of the range, breaks. */
async function broken(
  modelName: string,
  examples: Parameters<Client['attack']>[0]['examples'],
  epsilon: number,
  attack: { name: string; steps?: number; stepSize?: number },
  loss: string,
): Promise<string[]> {
  const task = modelName === 'binary' ? 'sign' : 'class';
  const { results } = await collectAttack(
    client.attack({
      modelName,
      ...(examples !== undefined && { examples }),
      attack: { randomStart: RandomStart.NONE, ...attack, epsilon: 255 * epsilon },
      objective: { tasks: [{ task, loss }] },
    }),
  );
  return results.filter(({ result }) => result.tasks[0]?.broken).map(({ result }) => result.exampleKey);
}

const points = [
  [0.2, 0.1, 0.4],
  [0.9, 0.2, 0.3],
  [0.1, 0.8, 0.9],
  [0.5, 0.5, 0.5],
  [0.95, 0.02, 0.98],
];
const binaryLabels = [1, 1, 0, 1, 1];
const binaryExamples = points.map((x, i) => featureExample(`${i}`, x, { sign: binaryLabels[i] as number }));
// The third has its smallest ε at 0.2428571429 and not at 0.225, because the range binds.
const binaryEpsilons = [0.1, 0.3, 0.2428571429, 0.025, 0.49375];

for (const [i, smallest] of binaryEpsilons.entries()) {
  for (const attack of [
    { name: 'fgsm' },
    { name: 'pgd', steps: 40, stepSize: 10 },
    { name: 'mim', steps: 40, stepSize: 10 },
  ]) {
    test(`A: the linear point ${i} is broken by ${attack.name} just above ε = ${smallest}, and not just below`, async (t) => {
      const example = binaryExamples.slice(i, i + 1);
      t.deepEqual(await broken('binary', example, smallest * 0.99, attack, 'cross-entropy'), []);
      t.deepEqual(await broken('binary', example, smallest * 1.01, attack, 'cross-entropy'), [`${i}`]);
    });
  }
}

const robustAccuracies = [
  [0.05, 0.8],
  [0.15, 0.6],
  [0.2, 0.6],
  [0.23, 0.6],
  [0.25, 0.4],
  [0.4, 0.2],
  [0.5, 0],
] as const;
for (const [epsilon, accuracy] of robustAccuracies) {
  test(`A: robust accuracy at ε = ${epsilon} is ${accuracy}`, async (t) => {
    const { summary } = await collectAttack(
      client.attack({
        modelName: 'binary',
        examples: binaryExamples,
        attack: { name: 'fgsm', epsilon: 255 * epsilon },
      }),
    );
    t.is(summary.tasks[0]?.adversarial?.value, accuracy);
    t.is(summary.tasks[0]?.clean?.value, 1);
  });
}

const threeLabels = [2, 0, 1, 1, 2];
const threeExamples = points.map((x, i) => featureExample(`${i}`, x, { class: threeLabels[i] as number }));
const threeEpsilons = [0.0571428571, 0.1375, 0.26, 0.0857142857, 0.2966666667];
for (const [i, smallest] of threeEpsilons.entries()) {
  test(`B: with the margin loss the three-class point ${i} is broken just above ε = ${smallest}, and not just below`, async (t) => {
    const example = threeExamples.slice(i, i + 1);
    const attack = { name: 'pgd', steps: 100, stepSize: 2 };
    t.deepEqual(await broken('three', example, smallest * 0.99, attack, 'margin'), []);
    t.deepEqual(await broken('three', example, smallest * 1.01, attack, 'margin'), [`${i}`]);
  });
}

/** A point with a label above or below what the model says, so that the gradient of |y − label| has that sign. */
const signed = (
  key: string,
  heads: readonly (readonly [name: string, weights: readonly number[]])[],
  signs: readonly number[],
) => {
  const x = heads[0]?.[1].map(() => 0.5) ?? [];
  return featureExample(
    key,
    x,
    Object.fromEntries(
      heads.map(([name, weights], i) => [
        name,
        [weights.reduce((sum, w) => sum + w * 0.5, 0) - 20 * (signs[i] as number)],
      ]),
    ),
  );
};
const theorem1: readonly (readonly [name: string, heads: [string, number[]][], signs: number[][], factor: number])[] = [
  [
    'same',
    ['a', 'b', 'c', 'd'].map((name) => [name, [3, -4]]),
    [
      [1, 1, 1, 1],
      [-1, -1, -1, -1],
    ],
    1,
  ],
  [
    'apart',
    [
      ['a', [1, 0]],
      ['b', [0, 1]],
    ],
    [
      [1, 1],
      [-1, -1],
    ],
    Math.SQRT1_2,
  ],
  [
    'opposed',
    [
      ['a', [1, 0]],
      ['b', [-1, 0]],
    ],
    [
      [1, 1],
      [-1, -1],
    ],
    0,
  ],
];
for (const [modelName, heads, signs, factor] of theorem1) {
  test(`C: the factor of Theorem 1 for tasks that are ${modelName} is ${factor}`, async (t) => {
    const examples = signs.map((each, i) => signed(`${i}`, heads, each));
    for await (const event of client.gradientNorm({ modelName, examples })) {
      if (event.$case === 'result') {
        const length = event.value.tasks[0]?.norms?.l2 ?? NaN;
        const expected = Math.hypot(...(heads[0]?.[1] ?? [])) / 255;
        t.true(
          Math.abs(length - expected) < 1e-6 * expected,
          `norms are per level: got ${length}, expected ${expected}`,
        );
      }
      if (event.$case !== 'summary') continue;
      t.true(Math.abs((event.value.theorem1Factor ?? NaN) - factor) < 1e-3, `got ${event.value.theorem1Factor}`);
      t.true(Math.abs((event.value.gramFactor ?? NaN) - factor) < 1e-3, `got ${event.value.gramFactor}`);
    }
  });
}

// y₁ = 10 x with loss 10 and y₂ = −x with loss ½, both of which fall with their outputs: gradients +10 and −1.
const conflict = featureExample('x', [0.5], { a: [5 - 10], b: [-0.5 - 0.5] });
for (const [combination, direction] of [
  [Combination.SUM, 1],
  [Combination.BALANCED, -1],
] as const) {
  test(`E: where tasks conflict, combination ${combination} goes ${direction > 0 ? 'up' : 'down'}`, async (t) => {
    const { results } = await collectAttack(
      client.attack({
        modelName: 'conflict',
        examples: [conflict],
        attack: { name: 'fgsm', epsilon: 25.5 },
        objective: { combination },
        fields: [3],
      }),
    );
    const data = new Uint8Array(results[0]?.payloads[0]?.data ?? []);
    const [x = NaN] = new Float32Array(data.buffer);
    t.true(Math.abs(x - (0.5 + 0.1 * direction)) < 1e-6, `got ${x}`);
    const losses = results[0]?.result.tasks.map(({ cleanLoss }) => cleanLoss ?? NaN) ?? [];
    t.true(Math.abs((losses[0] ?? NaN) - 10) < 1e-5 && Math.abs((losses[1] ?? NaN) - 0.5) < 1e-6, `got ${losses}`);
  });
}
