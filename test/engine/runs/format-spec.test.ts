import test from 'ava';
import fc from 'fast-check';
import type { AttackParameters } from '../../../src/engine/attacks/attack.js';
import { attackDefaults } from '../../../src/engine/attacks/defaults.js';
import { attackNames, findAttack } from '../../../src/engine/attacks/methods/index.js';
import { formatSpec } from '../../../src/engine/runs/format-spec.js';
import type { AttackSpec, Combination, ObjectiveTask } from '../../../src/engine/runs/spec.js';

const ownLoss = (task: string): string => (task.startsWith('class') ? 'cross-entropy' : 'l1');

function spec(
  attack: string,
  parameters: Partial<AttackParameters>,
  tasks: readonly ObjectiveTask[],
  change: { combination?: Combination; targeted?: boolean } = {},
): AttackSpec {
  return {
    attack,
    parameters: { ...attackDefaults, ...findAttack(attack).defaults, ...parameters },
    objective: { combination: change.combination ?? 'sum', tasks },
    targeted: change.targeted ?? false,
    seed: 0,
    batchSize: undefined,
    fullBatches: false,
  };
}
const task = (name: string, weight = 1, loss = ownLoss(name)): ObjectiveTask => ({ task: name, weight, loss });

const rows: readonly (readonly [text: string, spec: AttackSpec])[] = [
  ['pgd(steps=50,eps=4)@sum(class=1,depth=1)', spec('pgd', { steps: 50 }, [task('class'), task('depth')])],
  ['fgsm(eps=8)@sum(class=1)', spec('fgsm', { epsilon: 8 }, [task('class')])],
  ['mim(steps=10,eps=4)@sum(depth=0.5)', spec('mim', {}, [task('depth', 0.5)])],
  [
    'mim(steps=10,eps=4,start=upper-corner,decay=0.5,normalize=false)@sum(class=1)',
    spec('mim', findAttack('mim').compatDefaults, [task('class')]),
  ],
  ['houdini(steps=10,eps=4)@sum(class=1)', spec('houdini', {}, [task('class', 1, 'houdini')])],
  ['houdini(steps=10,eps=4)@sum(class=1:margin)', spec('houdini', {}, [task('class', 1, 'margin')])],
  [
    'pgd(steps=10,eps=4)@balanced(class=2:houdini)',
    spec('pgd', {}, [task('class', 2, 'houdini')], { combination: 'balanced' }),
  ],
  [
    'targeted-pgd(steps=10,eps=0.5,step=0.25,restarts=3,start=none,norm=l2,iterate=best,earlystop=true)@sign-sum(class=1)',
    spec(
      'pgd',
      { epsilon: 0.5, stepSize: 0.25, restarts: 3, randomStart: 'none', norm: 'l2', iterate: 'best', earlyStop: true },
      [task('class')],
      { combination: 'sign-sum', targeted: true },
    ),
  ],
];
for (const [text, value] of rows) {
  test(`an attack in one line: ${text}`, (t) => {
    t.is(formatSpec(value, ownLoss), text);
  });
}

const FULL_NAMES: Readonly<Record<string, keyof AttackParameters>> = {
  steps: 'steps',
  eps: 'epsilon',
  step: 'stepSize',
  restarts: 'restarts',
  start: 'randomStart',
  decay: 'decay',
  normalize: 'normalizeGradient',
  norm: 'norm',
  push: 'houdiniPush',
  iterate: 'iterate',
  earlystop: 'earlyStop',
};

/** Reads the text form, as its documentation has it. */
function readSpec(text: string): AttackSpec {
  const [, prefix, attack = '', inner = '', combination = '', weighted = ''] =
    /^(targeted-)?([a-z]+)\((.*)\)@([a-z-]+)\((.*)\)$/.exec(text) ?? [];
  const value = (word: string): string | number | boolean =>
    word === 'true' ? true : word === 'false' ? false : Number.isNaN(Number(word)) ? word : Number(word);
  const stated = inner.split(',').map((part) => part.split('=') as [string, string]);
  const method = findAttack(attack);
  const parameters = Object.fromEntries(stated.map(([name, word]) => [FULL_NAMES[name], value(word)]));
  const tasks = weighted.split(',').map((part): ObjectiveTask => {
    const [name = '', rest = ''] = part.split('=');
    const [weight, loss = method.loss ?? ownLoss(name)] = rest.split(':');
    return { task: name, weight: Number(weight), loss };
  });
  return spec(attack, parameters, tasks, { combination: combination as Combination, targeted: prefix !== undefined });
}

/** Any attack that a request can come to: parameters that the attack ignores have their defaults. */
const anySpec: fc.Arbitrary<AttackSpec> = fc
  .record({
    attack: fc.constantFrom(...attackNames),
    parameters: fc.record({
      epsilon: fc.double({ min: 0, max: 1e4, noNaN: true }).map((x) => x + 0),
      stepSize: fc.double({ min: 0, minExcluded: true, max: 1e4, noNaN: true }),
      steps: fc.integer({ min: 1, max: 10_000 }),
      restarts: fc.integer({ min: 1, max: 100 }),
      randomStart: fc.constantFrom('none' as const, 'uniform' as const, 'upper-corner' as const),
      decay: fc.double({ min: 0, max: 2, noNaN: true }).map((x) => x + 0),
      normalizeGradient: fc.boolean(),
      norm: fc.constantFrom('linf' as const, 'l2' as const),
      houdiniPush: fc.constantFrom('analytic' as const, 'one-sided' as const),
      iterate: fc.constantFrom('last' as const, 'best' as const),
      earlyStop: fc.boolean(),
    }),
    tasks: fc.uniqueArray(
      fc.record({
        task: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,8}$/),
        weight: fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true }),
        loss: fc.constantFrom('cross-entropy', 'l1', 'margin', 'houdini'),
      }),
      { minLength: 1, maxLength: 4, selector: ({ task }) => task },
    ),
    combination: fc.constantFrom('sum' as const, 'balanced' as const, 'sign-sum' as const),
    targeted: fc.boolean(),
  })
  .map(({ attack, parameters, tasks, combination, targeted }) => {
    const { ignores } = findAttack(attack);
    const kept = Object.fromEntries(
      Object.entries(parameters).filter(([name]) => !ignores.includes(name as keyof AttackParameters)),
    );
    return spec(attack, kept, tasks, { combination, targeted });
  });

test('the line says everything of an attack but its seed and batch size: read again, it is the same attack', (t) => {
  fc.assert(
    fc.property(anySpec, (value) => {
      t.deepEqual(readSpec(formatSpec(value, ownLoss)), value);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('a task whose own loss is not known shows the loss', (t) => {
  const value = spec('pgd', {}, [task('class')]);
  t.is(
    formatSpec(value, () => undefined),
    'pgd(steps=10,eps=4)@sum(class=1:cross-entropy)',
  );
});
