import test from 'ava';
import fc from 'fast-check';
import { attackDefaults } from '../../../src/engine/attacks/defaults.js';
import { attackNames, findAttack } from '../../../src/engine/attacks/methods/index.js';
import { resolveAttackSpec } from '../../../src/engine/runs/attack-spec.js';
import { formatSpec } from '../../../src/engine/runs/format-spec.js';
import { parseSpec } from '../../../src/engine/runs/parse-spec.js';
import type { AttackSpec } from '../../../src/engine/runs/spec.js';
import { modelInfo, numberInfo, taskInfo } from '../../support/model-info.js';

const model = modelInfo([
  taskInfo('segmentation', { losses: ['cross-entropy', 'margin', 'houdini'] }),
  numberInfo('depth.left'),
  taskInfo('a-b_c', { losses: ['cross-entropy', 'margin', 'houdini'], weight: 3 }),
]);
const labelled = new Set(model.tasks.map(({ name }) => name));
const lossOf = (name: string): string | undefined => model.tasks.find((task) => task.name === name)?.loss;
const written = (text: string): string => formatSpec(resolveAttackSpec(parseSpec(text), model, labelled), lossOf);

const all = 'segmentation=1,depth.left=1,a-b_c=3';
const rows: readonly (readonly [text: string, full: string])[] = [
  ['pgd', `pgd(steps=10,eps=4)@sum(${all})`],
  ['pgd()', `pgd(steps=10,eps=4)@sum(${all})`],
  ['pgd(eps=8/255,step=2/255)', `pgd(steps=10,eps=8,step=2)@sum(${all})`],
  [' pgd ( eps = 8 , steps=3 ) @ balanced ( segmentation ) ', 'pgd(steps=3,eps=8)@balanced(segmentation=1)'],
  ['fgsm@sign-sum', `fgsm(eps=4)@sign-sum(${all})`],
  ['pgd@sum(depth.left=.5,segmentation=2:margin)', 'pgd(steps=10,eps=4)@sum(segmentation=2:margin,depth.left=0.5)'],
  ['pgd@sum(segmentation:margin)', 'pgd(steps=10,eps=4)@sum(segmentation=1:margin)'],
  [
    'targeted-mim(norm=l2,earlystop=true)@sum(a-b_c)',
    'targeted-mim(steps=10,eps=4,norm=l2,earlystop=true)@sum(a-b_c=3)',
  ],
];
for (const [text, full] of rows) {
  test(`text is read, and what it leaves out has its default: ${text}`, (t) => {
    t.is(written(text), full);
    t.is(written(full), full);
  });
}

const wrong: readonly (readonly [text: string, expected: string])[] = [
  ['', 'expected an attack at column 1 of the text form of an attack, got the end: '],
  [
    'pdg',
    'expected an attack (fgsm, houdini, mim, pgd, square) at column 1 of the text form of an attack, got pdg; did you mean pgd?: pdg',
  ],
  ['pgd(eps=four)', 'expected a number at column 9 of the text form of an attack, got four: pgd(eps=four)'],
  ['pgd(eps=4/256)', 'expected 255 below the line at column 11 of the text form of an attack, got 256: pgd(eps=4/256)'],
  [
    'pgd(steps=1,steps=2)',
    'expected each parameter once at column 13 of the text form of an attack, got steps again: pgd(steps=1,steps=2)',
  ],
  [
    'pgd(start=left)',
    'expected a value (none, uniform, upper-corner) at column 11 of the text form of an attack, got left: pgd(start=left)',
  ],
  [
    'pgd(earlystop=1)',
    'expected a value (true, false) at column 15 of the text form of an attack, got 1: pgd(earlystop=1)',
  ],
  ['pgd(eps=4', 'expected `,` or `)` at column 10 of the text form of an attack, got the end: pgd(eps=4'],
  ['pgd(eps 4)', 'expected `=` at column 9 of the text form of an attack, got 4: pgd(eps 4)'],
  [
    'pgd@mean(a=1)',
    'expected a combination (sum, balanced, sign-sum) at column 5 of the text form of an attack, got mean: pgd@mean(a=1)',
  ],
  [
    'pgd@sum(a=1,a=2)',
    'expected each task once at column 13 of the text form of an attack, got a again: pgd@sum(a=1,a=2)',
  ],
  ['pgd@sum(a=1) x', 'expected `@` or the end at column 14 of the text form of an attack, got x: pgd@sum(a=1) x'],
];
for (const [text, message] of wrong) {
  test(`what is wrong with a text is told with its column: ${text || 'nothing'}`, (t) => {
    const error = t.throws(() => parseSpec(text));
    t.is((error as { code?: string }).code, 'INVALID_OPTION');
    t.is(error.message, message);
  });
}

test('an unknown parameter is told with those that there are', (t) => {
  t.throws(() => parseSpec('pgd(epsilon=4)'), {
    message: /^expected a parameter \(steps, eps, .*earlystop\) at column 5 .*got epsilon/,
  });
});

const number = (minExcluded: boolean, max: number) =>
  fc.double({ min: 0, minExcluded, max, noNaN: true }).map((value) => value + 0);

const anySpec: fc.Arbitrary<AttackSpec> = fc
  .record({
    attack: fc.constantFrom(...attackNames),
    parameters: fc.record({
      epsilon: number(false, 1e4),
      stepSize: number(true, 1e4),
      steps: fc.integer({ min: 1, max: 10_000 }),
      restarts: fc.integer({ min: 1, max: 100 }),
      randomStart: fc.constantFrom('none' as const, 'uniform' as const, 'upper-corner' as const),
      decay: number(false, 2),
      normalizeGradient: fc.boolean(),
      norm: fc.constantFrom('linf' as const, 'l2' as const),
      houdiniPush: fc.constantFrom('analytic' as const, 'one-sided' as const),
      iterate: fc.constantFrom('last' as const, 'best' as const),
      earlyStop: fc.boolean(),
    }),
    combination: fc.constantFrom('sum' as const, 'sign-sum' as const),
    weights: fc.tuple(number(true, 1e6), number(true, 1e6)),
    loss: fc.constantFrom('cross-entropy', 'margin', 'houdini'),
    targeted: fc.boolean(),
  })
  .map(({ attack, parameters, combination, weights, loss, targeted }) => {
    const { ignores, defaults, norms, isBlackBox } = findAttack(attack);
    const hasOneNorm = norms !== undefined;
    const kept = Object.entries(parameters).filter(
      ([name]) => !ignores.includes(name as keyof typeof parameters) && !(hasOneNorm && name === 'norm'),
    );
    return {
      attack,
      parameters: { ...attackDefaults, ...defaults, ...Object.fromEntries(kept) },
      objective: {
        combination: isBlackBox ? 'sum' : combination,
        tasks: [
          { task: 'segmentation', weight: weights[0], loss },
          { task: 'a-b_c', weight: weights[1], loss: 'cross-entropy' },
        ],
      },
      targeted,
      seed: 0,
      batchSize: undefined,
      fullBatches: false,
    };
  });

test('the text of any attack is read as that attack', (t) => {
  fc.assert(
    fc.property(anySpec, (spec) => {
      const text = formatSpec(spec, lossOf);
      t.deepEqual(resolveAttackSpec(parseSpec(text), model, labelled), spec);
      t.is(written(text), text);
    }),
    { seed: 1, numRuns: 300 },
  );
});
