import test from 'ava';
import { epsilonCurves } from '../../../src/engine/evaluation/epsilon-curves.js';
import type { AttackFigures, TaskFigures } from '../../../src/engine/evaluation/result.js';

const task = (name: string, clean: number, adversarial: number): TaskFigures => ({
  task: name,
  attacked: true,
  metric: 'miou',
  unit: '',
  higherIsBetter: true,
  examples: 2,
  clean: { value: clean },
  adversarial: { value: adversarial },
});
const attack = (
  spec: string,
  epsilon: number,
  tasks: readonly TaskFigures[],
  verdict: 'ok' | 'suspect' = 'ok',
): AttackFigures => ({
  spec,
  attack: 'pgd',
  objective: '',
  epsilon,
  examples: 2,
  tasks,
  verdict,
  doubts: [],
  worst: [],
});

test('attacks that differ in ε alone make a curve that begins without an attack', (t) => {
  const curves = epsilonCurves([
    attack('pgd(steps=9,eps=8)@sum(a=1)', 8, [task('a', 0.5, 0.1)], 'suspect'),
    attack('pgd(steps=9,eps=4)@sum(a=1)', 4, [task('a', 0.5, 0.25)]),
    attack('pgd(steps=9,eps=4,start=none)@sum(a=1)', 4, [task('a', 0.5, 0.25)]),
  ]);
  t.deepEqual(
    curves.map(({ spec, task: name, points }) => [spec, name, points]),
    [
      [
        'pgd(steps=9,eps=…)@sum(a=1)',
        'a',
        [
          { epsilon: 0, figure: { value: 0.5 }, isSuspect: false },
          { epsilon: 4, figure: { value: 0.25 }, isSuspect: false },
          { epsilon: 8, figure: { value: 0.1 }, isSuspect: true },
        ],
      ],
    ],
  );
});
