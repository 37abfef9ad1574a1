import test from 'ava';
import type { EngineError } from '../../../src/engine/errors.js';
import { type AttackSpecRequest, resolveAttackSpec } from '../../../src/engine/runs/attack-spec.js';
import { formatSpec } from '../../../src/engine/runs/format-spec.js';
import { toyInfo } from '../../support/toy-hosts.js';

const model = toyInfo({ name: 'toy', version: '1' });
const ask = (change: Partial<AttackSpecRequest> = {}, labelled = ['scene']) =>
  resolveAttackSpec(
    {
      attack: 'pgd',
      parameters: {},
      mtrobustCompat: false,
      combination: undefined,
      tasks: [{ task: 'scene' }],
      targeted: false,
      labelFree: false,
      seed: undefined,
      batchSize: undefined,
      ...change,
    },
    model,
    new Set(labelled),
  );
function fieldsOf(change: Partial<AttackSpecRequest>, labelled?: string[]): string[] {
  try {
    ask(change, labelled);
    return [];
  } catch (error) {
    return ((error as EngineError).details.violations ?? []).map(({ field }) => field);
  }
}
const text = (change: Partial<AttackSpecRequest>, labelled?: string[]) =>
  formatSpec(ask(change, labelled), (name) => model.tasks.find((task) => task.name === name)?.loss);

const defaults = {
  epsilon: 4,
  stepSize: 1,
  steps: 10,
  restarts: 1,
  randomStart: 'uniform',
  decay: 0,
  normalizeGradient: true,
  norm: 'linf',
  houdiniPush: 'analytic',
  iterate: 'last',
  earlyStop: false,
} as const;

for (const [attack, mtrobustCompat, change] of [
  ['pgd', false, {}],
  ['mim', false, { decay: 1 }],
  ['fgsm', false, { steps: 1, randomStart: 'none' }],
  ['houdini', false, {}],
  ['pgd', true, { randomStart: 'upper-corner' }],
  ['mim', true, { randomStart: 'upper-corner', decay: 0.5, normalizeGradient: false }],
] as const) {
  test(`${attack}${mtrobustCompat ? ' as the released code has it' : ''} has its defaults`, (t) => {
    const { parameters } = ask({ attack, mtrobustCompat });
    t.deepEqual(parameters, { ...defaults, ...change });
  });
}

test('what a request states stands, 0 too, above the defaults of the released code', (t) => {
  const parameters = { epsilon: 0, decay: 0, randomStart: 'none' } as const;
  t.like(ask({ attack: 'mim', mtrobustCompat: true, parameters }).parameters, parameters);
});

test('tasks come in the order of model.yaml, every one with a label where none is named', (t) => {
  const tasks = (change: Partial<AttackSpecRequest>, labelled: string[]) =>
    ask(change, labelled).objective.tasks.map(({ task }) => task);
  t.deepEqual(tasks({ tasks: [{ task: 'depth' }, { task: 'scene' }] }, ['depth', 'scene']), ['scene', 'depth']);
  t.deepEqual(tasks({ tasks: [] }, ['tags']), ['tags', 'reconstruction']);
  t.deepEqual(
    tasks({ tasks: [], labelFree: true }, []),
    model.tasks.map(({ name }) => name),
  );
  t.deepEqual(tasks({ tasks: [], attack: 'houdini' }, ['tags', 'scene', 'depth']), ['scene']);
});

test('all that is wrong is told at once, by the names of the request', (t) => {
  const parameters = { epsilon: -1, steps: 0, stepSize: Number.NaN };
  const tasks = [{ task: 'scene', weight: -1 }, { task: 'scene' }, { task: 'depth', loss: 'bce' }];
  t.deepEqual(fieldsOf({ parameters, tasks, seed: 0.5, batchSize: 5 }).toSorted(), [
    'attack.epsilon',
    'attack.step_size',
    'attack.steps',
    'batch_size',
    'objective.tasks[0].weight',
    'objective.tasks[1].task',
    'objective.tasks[2].loss',
    'objective.tasks[2].task',
    'seed',
  ]);
  t.deepEqual(fieldsOf({ tasks: [], attack: 'houdini' }, ['depth']), ['objective.tasks']);
});

for (const [expected, change] of [
  ['pgd(steps=10,eps=4)@sum(scene=1)', {}],
  ['pgd(steps=50,eps=8)@sum(scene=1)', { parameters: { steps: 50, epsilon: 8 } }],
  ['fgsm(eps=4)@sum(scene=1)', { attack: 'fgsm' }],
  ['mim(steps=10,eps=4,decay=0.5)@sum(scene=1)', { attack: 'mim', parameters: { decay: 0.5 } }],
  ['houdini(steps=10,eps=4)@sum(scene=1)', { attack: 'houdini' }],
  [
    'pgd(steps=10,eps=4,step=2,restarts=3,start=none,norm=l2,iterate=best,earlystop=true)@balanced(scene=2)',
    {
      parameters: { stepSize: 2, restarts: 3, randomStart: 'none', norm: 'l2', iterate: 'best', earlyStop: true },
      combination: 'balanced',
      tasks: [{ task: 'scene', weight: 2 }],
    },
  ],
  ['targeted-pgd(steps=10,eps=4)@sum(scene=1:margin)', { targeted: true, tasks: [{ task: 'scene', loss: 'margin' }] }],
] as const) {
  test(`its text form is ${expected}`, (t) => {
    t.is(text(change), expected);
  });
}
