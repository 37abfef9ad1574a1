import test from 'ava';
import type { AttackFigures, Doubt, ExampleSums, GateOutcome } from '../../../src/engine/index.js';
import { type Evidence, judgeRun } from '../../../src/server/probes/verdict.js';
import { finishedRun, identityOf, probed } from '../../support/finished-runs.js';

const spec = 'pgd(steps=50,eps=4)@sum(scene=1)';

/** An evaluation of a classification of 100 examples, of which so many are right clean, and under the attack. */
function evaluation(clean: number, robust: number, change: Partial<AttackFigures> = {}): Evidence['evaluation'] {
  const examples = Array.from(
    { length: 100 },
    (_, i): ExampleSums => ({
      key: `${i}`,
      clean: { scene: [1, Number(i < clean)] },
      adversarial: [{ scene: [1, Number(i < robust)] }],
    }),
  );
  return {
    identity: { ...identityOf(probed('2')), suite: [spec] },
    examples,
    attacks: [
      {
        spec,
        attack: 'pgd',
        objective: 'sum(scene=1)',
        epsilon: 4,
        examples: 100,
        verdict: 'ok',
        doubts: [],
        worst: [],
        tasks: [
          {
            task: 'scene',
            attacked: true,
            metric: 'accuracy',
            unit: '',
            higherIsBetter: true,
            examples: 100,
            clean: { value: clean / 100 },
            adversarial: { value: robust / 100 },
          },
        ],
        ...change,
      },
    ],
  };
}

const earlier = (clean: number, robust: number): Evidence['baseline'] => ({
  ...evaluation(clean, robust),
  run: { ...finishedRun('earlier').run, sequence: 1 },
});

const judge = (change: Partial<Evidence>) =>
  judgeRun({ evaluation: evaluation(90, 50), baseline: undefined, tolerance: 0, gates: [], ...change });

const doubt: Doubt = { reason: 'ZERO_GRADIENT', message: 'all are 0' };
const gate = (verdict: GateOutcome['verdict']): GateOutcome => ({
  gate: 'scene.accuracy >= 0.6',
  verdict,
  message: 'it is 0.5',
});

for (const [what, change, expected] of [
  ['a first run', {}, { verdict: 'ok', reason: '', message: '' }],
  ['a run like the last good one', { baseline: earlier(90, 50) }, { verdict: 'ok', reason: '' }],
  ['a better run', { baseline: earlier(80, 20) }, { verdict: 'ok', reason: '' }],
  ['a run that is worse by chance', { baseline: earlier(90, 52) }, { verdict: 'ok', reason: '' }],
  [
    'a run that is worse under attack',
    { baseline: earlier(90, 70) },
    { verdict: 'regression', reason: `scene.accuracy @ ${spec}` },
  ],
  [
    'a run that is worse without one',
    { baseline: earlier(100, 50) },
    { verdict: 'regression', reason: 'scene.accuracy @ clean' },
  ],
  ['a loss of 20 points with a tolerance of 21', { baseline: earlier(90, 70), tolerance: 0.21 }, { verdict: 'ok' }],
  [
    'a loss of 20 points with a tolerance of 19',
    { baseline: earlier(90, 70), tolerance: 0.19 },
    { verdict: 'regression' },
  ],
  ['a gate that is met', { gates: [gate('pass')] }, { verdict: 'ok', message: '' }],
  [
    'a gate that is surely missed',
    { gates: [gate('pass'), gate('regression')] },
    { verdict: 'regression', reason: 'scene.accuracy >= 0.6', message: 'it is 0.5' },
  ],
  [
    'a gate that too few examples leave open',
    { gates: [gate('inconclusive')] },
    { verdict: 'ok', message: 'scene.accuracy >= 0.6: it is 0.5' },
  ],
  [
    'a figure that cannot be trusted, whatever else there is',
    {
      evaluation: evaluation(90, 10, { verdict: 'suspect', doubts: [doubt] }),
      baseline: earlier(90, 70),
      gates: [gate('regression')],
    },
    { verdict: 'suspect', reason: 'ZERO_GRADIENT', message: `${spec}: all are 0` },
  ],
  [
    'a suspect figure without a reason',
    { evaluation: evaluation(90, 50, { verdict: 'suspect' }) },
    { verdict: 'suspect', reason: 'SUSPECT' },
  ],
] as const) {
  test(`${what} is ${expected.verdict}`, (t) => {
    t.like(judge(change), expected);
  });
}

test('a regression says with which run it was compared', (t) => {
  const { message } = judge({ baseline: earlier(90, 70) });
  t.regex(message, /accuracy of scene went from 0\.7 to 0\.5.*compared with run earlier$/);
});

test('of attacks with the same doubt it is told once', (t) => {
  const [suspect] = evaluation(90, 50, {
    verdict: 'suspect',
    doubts: [doubt, { reason: 'OTHER', message: 'x' }],
  }).attacks;
  const doubted = { ...evaluation(90, 50), attacks: [suspect, suspect] as AttackFigures[] };
  t.deepEqual(
    judge({ evaluation: doubted }).doubts.map(({ reason }) => reason),
    ['ZERO_GRADIENT', 'OTHER'],
  );
});
