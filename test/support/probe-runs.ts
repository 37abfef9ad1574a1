import type { AttackFigures, TaskFigures } from '../../src/engine/index.js';
import type { ProbeRun } from '../../src/server/probes/probe-run.js';

export const taskFigures = (change: Partial<TaskFigures> = {}): TaskFigures => ({
  task: 'segmentation',
  attacked: true,
  metric: 'miou',
  unit: '',
  higherIsBetter: true,
  examples: 8,
  clean: { value: 0.75, lower: 0.7, upper: 0.8 },
  adversarial: { value: 0.25, lower: 0.2, upper: 0.3 },
  ...change,
});

export const attackFigures = (change: Partial<AttackFigures> = {}): AttackFigures => ({
  spec: 'pgd(steps=50,eps=4)@sum(segmentation=1)',
  attack: 'pgd',
  objective: 'sum(segmentation=1)',
  epsilon: 4,
  examples: 8,
  tasks: [taskFigures()],
  broken: 5,
  verdict: 'ok',
  doubts: [],
  worst: [],
  ...change,
});

/** A run of a probe that found nothing out of the ordinary. */
export const probeRun = (change: Partial<ProbeRun> = {}): ProbeRun => ({
  sequence: 1,
  runId: 'run 1',
  probe: 'nightly',
  trigger: 'schedule',
  model: { name: 'street', version: '1', sha256: '' },
  dataset: 'scenes',
  startedMs: 1_000_000,
  finishedMs: 1_030_000,
  verdict: 'ok',
  reason: '',
  message: '',
  doubts: [],
  seed: 1,
  examples: 8,
  imageSteps: 400,
  attacks: [attackFigures()],
  gradients: { tasks: [{ task: 'segmentation', meanL2: 0.5 }], theorem1Factor: 0.9 },
  ...change,
});
