import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { AttackParameters } from '../../../src/engine/attacks/attack.js';
import { loadNetwork } from '../../../src/engine/models/load-network.js';
import type { AttackResult } from '../../../src/engine/runs/events.js';
import { loadServedModel } from '../../../src/engine/runs/load-served-model.js';
import type { ServedModel } from '../../../src/engine/runs/served-model.js';
import { attackSpec, finishAttack, golden, root, scene, scenesUpTo, streetSource } from '../../support/street.js';

const options = { role: 'attack', runtime: { threads: 2, allowSpinning: false }, memoryBudgetBytes: 2 ** 31 } as const;
const tasks = ['segmentation', 'depth', 'reconstruction'];
const PIXELS = 3 * 64 * 128;
const COUNT = 4;
let model: ServedModel;
test.before(async () => {
  model = await loadServedModel(streetSource(), options);
});
test.after.always(() => model.dispose());

const objectives: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(tasks.map((task) => [task, [task]])),
  all: tasks,
};

/** Gradients and losses of the first scenes, in one run of the program. */
async function gradients(losses: readonly string[], names: readonly string[]) {
  const network = await loadNetwork(streetSource(), options);
  try {
    const scenes = scenesUpTo(COUNT);
    const program = await network.program({
      tasks: names.map((task, i) => ({ task, loss: losses[i] as string })),
      inputShape: [3, 64, 128],
      batchSize: COUNT,
    });
    const pixels = { data: new Float32Array(COUNT * PIXELS), shape: [COUNT, 3, 64, 128] };
    for (const [n, { pixels: example }] of scenes.entries()) pixels.data.set(example, n * PIXELS);
    const labelsOf = (task: string): Float32Array =>
      task === 'reconstruction'
        ? network.normalise(pixels).data
        : Float32Array.from(scenes.flatMap(({ labels }) => [...(labels.get(task)?.data ?? [])]));
    const labels = new Map(names.map((task) => [task, labelsOf(task)]));
    const valid = new Map([...labels].map(([task, { length }]) => [task, new Uint8Array(length).fill(1)]));
    const weights = new Float32Array(COUNT * names.length).fill(1);
    return await program.run({ pixels, extraInputs: new Map(), weights, isBalanced: false, labels, valid });
  } finally {
    await network.dispose();
  }
}

const cases: readonly (readonly [name: string, names: readonly string[], losses: readonly string[]])[] = [
  ['segmentation', ['segmentation'], ['cross-entropy']],
  ['depth', ['depth'], ['l1']],
  ['reconstruction', ['reconstruction'], ['mse']],
  ['all', tasks, ['cross-entropy', 'l1', 'mse']],
  ['houdini', ['segmentation'], ['houdini']],
];
for (const [name, names, losses] of cases) {
  test(`the gradient of ${name} is the float64 one within 1e-4 of its largest element, and losses within 1e-5`, async (t) => {
    const output = await gradients(losses, names);
    const expected = golden(`grad_${name}`);
    for (let n = 0; n < COUNT; n++) {
      const part = expected.subarray(n * PIXELS, (n + 1) * PIXELS);
      const largest = part.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
      const worst = part.reduce(
        (max, x, i) => Math.max(max, Math.abs(x - (output.gradient.data[n * PIXELS + i] as number))),
        0,
      );
      t.true(worst <= 1e-4 * largest, `scene ${n}: off by ${worst / largest} of the largest element`);
    }
    if (name === 'all') return;
    for (const [n, loss] of golden(`loss_${name}`).entries()) {
      t.true(
        Math.abs((output.losses.data[n] as number) - loss) <= 1e-5 * loss,
        `scene ${n}: loss ${output.losses.data[n]}, expected ${loss}`,
      );
    }
  });
}

/** Share of pixels of each of the first scenes that are the reference's, to 0.01 level. */
function agreement(results: readonly AttackResult[], name: string): number[] {
  const expected = golden(name);
  return results.map(({ payloads }, n) => {
    const actual = payloads[0]?.tensor.data as Float32Array;
    return actual.filter((x, i) => Math.abs(x - (expected[n * PIXELS + i] as number)) <= 0.01).length / PIXELS;
  });
}

async function attackLike(
  name: string,
  attack: string,
  names: readonly string[],
  parameters: Partial<AttackParameters>,
) {
  const loss = attack === 'houdini' ? { loss: 'houdini' } : {};
  const spec = attackSpec(model, attack, names, parameters, loss);
  const { results } = await finishAttack(model, spec, scenesUpTo(COUNT), { fields: ['adversarial-tensor'] });
  return agreement(results, name);
}

for (const [objective, names] of Object.entries(objectives)) {
  test(`FGSM on ${objective} repeats the reference on 99.9 % of the pixels`, async (t) => {
    const shares = await attackLike(`fgsm_${objective}`, 'fgsm', names, { steps: 1 });
    t.true(
      shares.every((share) => share >= 0.999),
      `got ${shares}`,
    );
  });
}

/** A correct attack of 10 steps does not repeat every pixel: gradients of nearly 0 change sign. */
const tenSteps: readonly (readonly [
  name: string,
  attack: string,
  names: readonly string[],
  parameters: Partial<AttackParameters>,
])[] = [
  ...Object.entries(objectives).flatMap(([objective, names]) => [
    [`pgd10_${objective}`, 'pgd', names, {}] as const,
    [`mim10_${objective}`, 'mim', names, { decay: 1 }] as const,
  ]),
  ['houdini10_segmentation', 'houdini', ['segmentation'], {}],
  ['houdini10_onesided', 'houdini', ['segmentation'], { houdiniPush: 'one-sided' }],
];
for (const [name, attack, names, parameters] of tenSteps) {
  test(`${name} repeats the reference on 85 % of the pixels, and 99.5 % of one scene`, async (t) => {
    const shares = await attackLike(name, attack, names, { steps: 10, ...parameters });
    t.true(shares.reduce((sum, share) => sum + share, 0) / COUNT >= 0.85, `got ${shares}`);
    t.true(Math.max(...shares) >= 0.995, `got ${shares}`);
  });
}

const figures = JSON.parse(readFileSync(join(root, 'test/fixtures/street/figures.json'), 'utf8')) as Record<
  string,
  { miou: number; depth_abs_error: number; reconstruction_mse: number }
>;
const attackNamed = (name: string): [attack: string, parameters: Partial<AttackParameters>] => {
  const [, attack = '', steps = '1', push] = /^([a-z]+?)(\d+)?(_onesided)?$/.exec(name) ?? [];
  return [
    attack,
    { steps: Number(steps), ...(push && { houdiniPush: 'one-sided' as const }), ...(attack === 'mim' && { decay: 1 }) },
  ];
};
for (const [key, expected] of Object.entries(figures)) {
  const [name = '', objective = ''] = key.split('/');
  // The longer attacks are one of each kind: the others differ in nothing but their number of steps.
  if (name === 'clean' || (name.endsWith('50') && objective !== 'all')) continue;
  test(`the figures of ${key} over 16 scenes are the reference's: mIoU to 0.005, errors to 1 %, clean ones to 1e-4`, async (t) => {
    const [attack, parameters] = attackNamed(name);
    const loss = attack === 'houdini' ? { loss: 'houdini' } : {};
    const spec = attackSpec(model, attack, objectives[objective] ?? [], parameters, loss);
    const { summary } = await finishAttack(model, spec, scenesUpTo(16));
    const [segmentation, depth, reconstruction] = summary.tasks;
    const near = (actual: number | undefined, value: number, tolerance: number): boolean =>
      t.true(Math.abs((actual ?? NaN) - value) <= tolerance, `got ${actual}, expected ${value}`);
    near(segmentation?.adversarial.value, expected.miou, 0.005);
    near(depth?.adversarial.value, expected.depth_abs_error, 0.01 * expected.depth_abs_error);
    near(reconstruction?.adversarial.value, expected.reconstruction_mse, 0.01 * expected.reconstruction_mse);
    const { clean } = figures as { clean: typeof expected };
    near(segmentation?.clean.value, clean.miou, 1e-4);
    near(depth?.clean.value, clean.depth_abs_error, 1e-4);
    near(reconstruction?.clean.value, clean.reconstruction_mse, 1e-4);
  });
}

test('the same request gives the same bytes, and an example does not feel its neighbours', async (t) => {
  const attack = (indices: readonly number[], seed: number) => {
    const spec = attackSpec(
      model,
      'pgd',
      ['segmentation'],
      { steps: 3, randomStart: 'uniform' },
      { seed, batchSize: 4 },
    );
    return finishAttack(model, spec, indices.map(scene), { fields: ['adversarial-tensor'] });
  };
  const bytes = async (run: ReturnType<typeof attack>, key: string) =>
    (await run).results.find((result) => result.key === key)?.payloads[0]?.tensor.data;
  const key = scene(1).key;
  const first = await bytes(attack([0, 1, 2, 3], 7), key);
  t.deepEqual(await bytes(attack([0, 1, 2, 3], 7), key), first);
  t.deepEqual(await bytes(attack([1], 7), key), first);
  t.deepEqual(await bytes(attack([5, 6, 1], 7), key), first);
  t.notDeepEqual(await bytes(attack([0, 1, 2, 3], 8), key), first);
});
