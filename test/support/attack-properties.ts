import test from 'ava';
import type { Attack, AttackRun, Norm } from '../../src/engine/attacks/attack.js';
import { attackInput, finish } from './run-attack.js';
import { wavy } from './sources.js';
import { batch } from './tensors.js';

/** Clean examples by key: one close to the bounds, two far from them. */
const examples = { edge: [1, 254, 100.5], dark: [30, 40, 50], light: [170, 180, 190] };
type Key = keyof typeof examples;

const epsilon = 4;
const steps = 10;

/** Long steps in a small ball, from a random start. */
function start(attack: Attack, keys: Key[], norm: Norm = 'linf', signal = new AbortController().signal): AttackRun {
  const clean = batch(...keys.map((key) => examples[key]));
  const parameters = { ...attack.defaults, epsilon, stepSize: 3, steps, norm, randomStart: 'uniform' } as const;
  return attack.run(attackInput({ source: wavy, clean, keys, parameters, signal }));
}

export const staysInBallAndBounds = test.macro<[attack: Attack, norm: Norm]>({
  title: (_, __, norm) => `every step ends in the ${norm} ball and in the range`,
  async exec(t, attack, norm) {
    for (const { pixels } of await finish(start(attack, ['edge'], norm))) {
      const change = pixels.flat().map((x, i) => x - (examples.edge[i] ?? NaN));
      const length = norm === 'linf' ? Math.max(...change.map(Math.abs)) : Math.hypot(...change);
      t.true(length <= epsilon + 1e-4, `got a perturbation of ${length}`);
      t.true(
        pixels.flat().every((x) => x >= 0 && x <= 255),
        `got ${pixels}`,
      );
    }
  },
});

export const attacksEachExampleAlone = test.macro({
  title: () => 'the result of an example depends neither on its neighbours nor on its place among them',
  async exec(t, attack: Attack) {
    const endOfDark = async (...keys: Key[]) => {
      const history = await finish(start(attack, keys));
      return history.at(-1)?.pixels[keys.indexOf('dark')];
    };
    const alone = await endOfDark('dark');
    t.deepEqual(await endOfDark('dark', 'edge', 'light'), alone);
    t.deepEqual(await endOfDark('light', 'dark'), alone);
  },
});

export const reportsEveryStep = test.macro<[attack: Attack, count?: number]>({
  title: () => 'every step is reported, and takes its gradient where the step before ended',
  async exec(t, attack, count = steps) {
    const history = await finish(start(attack, ['dark', 'light']));
    t.deepEqual(
      history.map(({ step }) => step),
      Array.from({ length: count }, (_, i) => i + 1),
    );
    t.deepEqual(
      history.slice(1).map(({ before }) => before),
      history.slice(0, -1).map(({ pixels }) => pixels),
    );
  },
});

export const stopsWhenAborted = test.macro({
  title: () => 'no step begins once the caller has aborted',
  async exec(t, attack: Attack) {
    const controller = new AbortController();
    const run = start(attack, ['dark'], 'linf', controller.signal);
    await run.next();
    controller.abort();
    await t.throwsAsync(run.next(), { any: true, name: 'AbortError' });
  },
});
