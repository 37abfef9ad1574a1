import test from 'ava';
import type { AttackParameters } from '../../../src/engine/attacks/attack.js';
import { attackNames } from '../../../src/engine/attacks/methods/index.js';
import { EngineError } from '../../../src/engine/errors.js';
import {
  type AttackSpecRequest,
  type GradientNormSpecRequest,
  resolveAttackSpec,
  resolveGradientNormSpec,
} from '../../../src/engine/runs/attack-spec.js';
import { modelInfo, numberInfo, taskInfo } from '../../support/model-info.js';

const model = modelInfo([
  taskInfo('class'),
  numberInfo('depth', { weight: 0.5 }),
  numberInfo('copy', { isReconstruction: true, kind: 'reconstruction', loss: 'mse', metric: 'mse' }),
]);
const bothLabelled = new Set(['class', 'depth']);

const request = (change: Partial<AttackSpecRequest> = {}): AttackSpecRequest => ({
  attack: 'pgd',
  parameters: {},
  mtrobustCompat: false,
  combination: undefined,
  tasks: [],
  targeted: false,
  labelFree: false,
  seed: undefined,
  batchSize: undefined,
  ...change,
});
const resolve = (change: Partial<AttackSpecRequest> = {}, labelled: ReadonlySet<string> = bothLabelled) =>
  resolveAttackSpec(request(change), model, labelled);

/** What is wrong with a request, as `field: description`. */
function wrong(f: () => unknown): string[] {
  try {
    f();
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'INVALID_REQUEST') throw error;
    return (error.details.violations ?? []).map(({ field, description }) => `${field}: ${description}`);
  }
  return [];
}

const common = {
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
const corner = { randomStart: 'upper-corner' } as const;
const paperMomentum = { ...corner, decay: 0.5, normalizeGradient: false } as const;
/** As the contract documents them: what every parameter is when a request says nothing. */
const defaults: Readonly<Record<string, { plain: Partial<AttackParameters>; compat: Partial<AttackParameters> }>> = {
  fgsm: { plain: { steps: 1, randomStart: 'none' }, compat: { steps: 1, randomStart: 'none' } },
  houdini: { plain: {}, compat: { ...paperMomentum, houdiniPush: 'one-sided' } },
  mim: { plain: { decay: 1 }, compat: paperMomentum },
  pgd: { plain: {}, compat: corner },
  square: { plain: { steps: 1000, earlyStop: true }, compat: { steps: 1000, earlyStop: true } },
};

test('every attack has defaults that are tested here', (t) => {
  t.deepEqual(Object.keys(defaults), [...attackNames]);
});

for (const [attack, { plain, compat }] of Object.entries(defaults)) {
  test(`a request for ${attack} that says nothing more gets its defaults, or those of the paper's code`, (t) => {
    t.deepEqual(resolve({ attack }).parameters, { ...common, ...plain });
    t.deepEqual(resolve({ attack, mtrobustCompat: true }).parameters, { ...common, ...compat });
  });
}

test('what a request says goes before all defaults, be it 0 or false', (t) => {
  const parameters: AttackParameters = {
    epsilon: 0,
    stepSize: 0.25,
    steps: 7,
    restarts: 3,
    randomStart: 'none',
    decay: 0,
    normalizeGradient: false,
    norm: 'l2',
    houdiniPush: 'analytic',
    iterate: 'best',
    earlyStop: true,
  };
  t.deepEqual(resolve({ attack: 'houdini', parameters, mtrobustCompat: true }).parameters, parameters);
});

test('a parameter that is undefined counts as not given', (t) => {
  t.is(resolve({ parameters: { steps: undefined } }).parameters.steps, 10);
});

test('the objective is the sum over every task with a label, with its own loss and weight, in the order of the model', (t) => {
  t.deepEqual(resolve(), {
    attack: 'pgd',
    parameters: common,
    objective: {
      combination: 'sum',
      tasks: [
        { task: 'class', weight: 1, loss: 'cross-entropy' },
        { task: 'depth', weight: 0.5, loss: 'l1' },
        { task: 'copy', weight: 1, loss: 'mse' },
      ],
    },
    targeted: false,
    seed: 0,
    batchSize: undefined,
    fullBatches: false,
  });
});

test('a task without a label is left out, but for a reconstruction, whose label is the input', (t) => {
  const names = (labelled: string[], labelFree = false) =>
    resolve({ labelFree }, new Set(labelled)).objective.tasks.map(({ task }) => task);
  t.deepEqual(names(['depth']), ['depth', 'copy']);
  t.deepEqual(names([]), ['copy']);
  t.deepEqual(names([], true), ['class', 'depth', 'copy']);
});

test('tasks that a request names come in the order of the model, with what it says of them', (t) => {
  const tasks = [{ task: 'copy', loss: 'l1' }, { task: 'depth', weight: 3 }, { task: 'class' }];
  t.deepEqual(resolve({ tasks, combination: 'balanced' }).objective, {
    combination: 'balanced',
    tasks: [
      { task: 'class', weight: 1, loss: 'cross-entropy' },
      { task: 'depth', weight: 3, loss: 'l1' },
      { task: 'copy', weight: 1, loss: 'l1' },
    ],
  });
});

test('Houdini attacks the tasks that have its loss, with that loss', (t) => {
  t.deepEqual(resolve({ attack: 'houdini' }).objective.tasks, [{ task: 'class', weight: 1, loss: 'houdini' }]);
  const named = [{ task: 'class', loss: 'margin' }];
  t.deepEqual(resolve({ attack: 'houdini', tasks: named }).objective.tasks, [
    { task: 'class', weight: 1, loss: 'margin' },
  ]);
  t.deepEqual(
    wrong(() => resolve({ attack: 'houdini', tasks: [{ task: 'depth' }] })),
    ['objective.tasks[0].loss: expected one of l1, mse for depth, got houdini'],
  );
});

test('seed, batch size and target go into the spec as they are', (t) => {
  const { seed, batchSize, targeted } = resolve({ seed: 2 ** 32 - 1, batchSize: 16, targeted: true });
  t.deepEqual([seed, batchSize, targeted], [2 ** 32 - 1, 16, true]);
});

const refused: readonly (readonly [change: Partial<AttackSpecRequest>, ...expected: readonly string[]])[] = [
  [{ attack: 'pdg' }, 'attack.name: expected one of fgsm, houdini, mim, pgd, square, got pdg; did you mean pgd?'],
  [{ attack: 'cw-attack' }, 'attack.name: expected one of fgsm, houdini, mim, pgd, square, got cw-attack'],
  [{ attack: '' }, 'attack.name: expected one of fgsm, houdini, mim, pgd, square, got none'],
  [{ parameters: { epsilon: -0.5 } }, 'attack.epsilon: expected ε ≥ 0, got -0.5'],
  [{ parameters: { epsilon: NaN } }, 'attack.epsilon: expected ε ≥ 0, got NaN'],
  [{ parameters: { epsilon: Infinity } }, 'attack.epsilon: expected ε ≥ 0, got Infinity'],
  [{ parameters: { stepSize: 0 } }, 'attack.step_size: expected a step size > 0, got 0'],
  [{ parameters: { stepSize: Infinity } }, 'attack.step_size: expected a step size > 0, got Infinity'],
  [{ parameters: { steps: 0 } }, 'attack.steps: expected 1 … 10000 steps, got 0'],
  [{ parameters: { steps: 10_001 } }, 'attack.steps: expected 1 … 10000 steps, got 10001'],
  [{ parameters: { restarts: 0 } }, 'attack.restarts: expected 1 … 100 restarts, got 0'],
  [{ parameters: { restarts: 101 } }, 'attack.restarts: expected 1 … 100 restarts, got 101'],
  [{ attack: 'mim', parameters: { decay: -1 } }, 'attack.decay: expected μ ≥ 0, got -1'],
  [{ parameters: { decay: 1 } }, 'attack.decay: expected none, for pgd has no such parameter, got 1'],
  [
    { attack: 'fgsm', parameters: { stepSize: 2, earlyStop: true } },
    'attack.step_size: expected none, for fgsm has no such parameter, got 2',
    'attack.early_stop: expected none, for fgsm has no such parameter, got true',
  ],
  [
    { attack: 'mim', parameters: { houdiniPush: 'one-sided' } },
    'attack.houdini_push: expected none, for mim has no such parameter, got one-sided',
  ],
  [{ seed: -1 }, 'seed: expected a whole number of 0 … 4294967295, got -1'],
  [{ seed: 2 ** 32 }, 'seed: expected a whole number of 0 … 4294967295, got 4294967296'],
  [{ seed: 0.5 }, 'seed: expected a whole number of 0 … 4294967295, got 0.5'],
  [{ batchSize: 3 }, 'batch_size: expected one of 1, 2, 4, 8, 16, got 3'],
  [{ tasks: [{ task: 'pose' }] }, 'objective.tasks[0].task: expected one of class, depth, copy, got pose'],
  [{ tasks: [{ task: '' }] }, 'objective.tasks[0].task: expected one of class, depth, copy, got none'],
  [
    { tasks: [{ task: 'class' }, { task: 'class' }] },
    'objective.tasks[1].task: expected each task once, got class again',
  ],
  [{ tasks: [{ task: 'class', weight: 0 }] }, 'objective.tasks[0].weight: expected a finite weight > 0, got 0'],
  [
    { tasks: [{ task: 'class', weight: Infinity }] },
    'objective.tasks[0].weight: expected a finite weight > 0, got Infinity',
  ],
  [
    { tasks: [{ task: 'class', loss: 'l1' }] },
    'objective.tasks[0].loss: expected one of cross-entropy, dlr, houdini, margin for class, got l1',
  ],
  [
    { combination: 'balanced', tasks: [{ task: 'depth' }, { task: 'class', loss: 'margin' }] },
    'objective.tasks[1].loss: expected a loss of class that is never negative, which balanced divides by, got margin',
  ],
];
for (const [change, ...expected] of refused) {
  test(`a request is refused with the field that is wrong: ${expected[0]}`, (t) => {
    t.deepEqual(
      wrong(() => resolve(change)),
      expected,
    );
  });
}

test('a request that says nothing but what is true anyway is not refused', (t) => {
  const parameters = { steps: 1, stepSize: 1, restarts: 1, earlyStop: false, iterate: 'last' } as const;
  t.is(resolve({ attack: 'fgsm', parameters }).parameters.steps, 1);
});

test('tasks that need labels say so', (t) => {
  const noLabels = new Set<string>();
  t.deepEqual(
    wrong(() => resolve({ tasks: [{ task: 'copy' }, { task: 'depth' }] }, noLabels)),
    ['objective.tasks[1].task: expected a label for depth, got none: give one, or set label_free'],
  );
  const plain = modelInfo([taskInfo('class')]);
  t.deepEqual(
    wrong(() => resolveAttackSpec(request(), plain, noLabels)),
    ['objective.tasks: expected a task with a label, got none: give labels, or set label_free'],
  );
});

test('a target must be given, whatever label-free mode would put in its place', (t) => {
  t.deepEqual(
    wrong(() => resolve({ targeted: true, labelFree: true }, new Set(['class']))),
    ['objective.tasks: expected a label to approach for depth, got none'],
  );
});

test('what is wrong with a task is told by its place in the request, not in the model', (t) => {
  const tasks = [{ task: 'depth' }, { task: 'copy' }, { task: 'class' }];
  t.deepEqual(
    wrong(() => resolve({ targeted: true, labelFree: true, tasks }, new Set(['class']))),
    ['objective.tasks[0].task: expected a label to approach for depth, got none'],
  );
});

test('everything that is wrong is told at once', (t) => {
  const violations = wrong(() => resolve({ parameters: { epsilon: -1, steps: 0 }, seed: -1, batchSize: 5 }));
  t.deepEqual(
    violations.map((text) => text.split(':')[0]),
    ['attack.epsilon', 'attack.steps', 'seed', 'batch_size'],
  );
});

const normRequest = (change: Partial<GradientNormSpecRequest> = {}): GradientNormSpecRequest => ({
  tasks: [],
  labelFree: false,
  seed: undefined,
  batchSize: undefined,
  sweep: undefined,
  ...change,
});
const resolveNorm = (change: Partial<GradientNormSpecRequest> = {}, labelled: ReadonlySet<string> = bothLabelled) =>
  resolveGradientNormSpec(normRequest(change), model, labelled);

test('a measurement of gradients is of every task with a label, with 20 draws for each point of a sweep', (t) => {
  t.deepEqual(resolveNorm(), {
    tasks: [
      { task: 'class', loss: 'cross-entropy' },
      { task: 'depth', loss: 'l1' },
      { task: 'copy', loss: 'mse' },
    ],
    seed: 0,
    sweep: undefined,
    batchSize: undefined,
  });
  const sweep = { task: undefined, outputCounts: [1, 2], draws: undefined };
  t.deepEqual(resolveNorm({ sweep, seed: 5, batchSize: 2 }), {
    ...resolveNorm(),
    seed: 5,
    batchSize: 2,
    sweep: { task: 'class', outputCounts: [1, 2], draws: 20 },
  });
});

test('label-free measurements leave out regressions, which are their own label there', (t) => {
  const names = resolveNorm({ labelFree: true }, new Set()).tasks.map(({ task }) => task);
  t.deepEqual(names, ['class', 'copy']);
  t.deepEqual(
    wrong(() => resolveNorm({ labelFree: true, tasks: [{ task: 'depth' }] }, new Set())),
    ['tasks[0].task: expected a label: depth as its own label has gradient 0 at the clean input'],
  );
});

const refusedNorms: readonly (readonly [change: Partial<GradientNormSpecRequest>, ...expected: readonly string[]])[] = [
  [{ tasks: [{ task: 'pose' }] }, 'tasks[0].task: expected one of class, depth, copy, got pose'],
  [
    { tasks: [{ task: 'class' }], sweep: { task: 'depth', outputCounts: [1], draws: 1 } },
    'sweep.task: expected one of class, got depth',
  ],
  [
    { sweep: { task: undefined, outputCounts: [], draws: 1 } },
    'sweep.output_counts: expected at least one number, got none',
  ],
  [
    { sweep: { task: undefined, outputCounts: [1, 0], draws: 1001 } },
    'sweep.output_counts[1]: expected at least 1 position, got 0',
    'sweep.draws: expected 1 … 1000 draws, got 1001',
  ],
  [{ sweep: { task: undefined, outputCounts: [1], draws: 0 } }, 'sweep.draws: expected 1 … 1000 draws, got 0'],
  [{ seed: 2 ** 32 }, 'seed: expected a whole number of 0 … 4294967295, got 4294967296'],
  [{ batchSize: 32 }, 'batch_size: expected one of 1, 2, 4, 8, 16, got 32'],
];
for (const [change, ...expected] of refusedNorms) {
  test(`a measurement is refused with the field that is wrong: ${expected[0]}`, (t) => {
    t.deepEqual(
      wrong(() => resolveNorm(change)),
      expected,
    );
  });
}

test('square takes the margin of classes, the own loss of other tasks, and no more than it has', (t) => {
  const losses = (change: Partial<AttackSpecRequest>) =>
    resolve({ attack: 'square', ...change }).objective.tasks.map(({ loss }) => loss);
  const own = (change: Partial<AttackSpecRequest>) => resolve(change).objective.tasks.map(({ loss }) => loss);
  t.deepEqual(losses({}), ['margin', ...own({}).slice(1)]);
  t.deepEqual(losses({ targeted: true }), own({ targeted: true }));
  t.deepEqual(losses({ combination: 'balanced' }), own({ combination: 'balanced' }));
  const { parameters } = resolve({ attack: 'square' });
  t.is(parameters.steps, 1000);
  t.true(parameters.earlyStop);
});

test('square refuses L2 and sums of signs, and says why', (t) => {
  t.deepEqual(
    wrong(() => resolve({ attack: 'square', parameters: { norm: 'l2' }, combination: 'sign-sum' })),
    [
      'attack.norm: expected linf, for which square is defined, got l2',
      'objective.combination: expected sum or balanced, for square knows no gradients whose signs could be summed, got sign-sum',
    ],
  );
});
