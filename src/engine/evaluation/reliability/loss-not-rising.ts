import type { AttackSpec } from '../../runs/spec.js';
import type { ReliabilityCheck } from './check.js';
import { attackedTasks, type SampleTask } from './sample-run.js';

/** An attack whose objective is no larger at its end than at the clean inputs: it does not attack. */
export const lossNotRising: ReliabilityCheck = {
  async check({ run, spec, target }) {
    const tasks = attackedTasks(run, target.model.tasks);
    if (tasks.length === 0 || progressOf(tasks, spec) > 0) return undefined;
    const values = tasks.map(({ task, cleanLoss, loss }) => `${task} ${short(cleanLoss)} → ${short(loss)}`).join(', ');
    const wanted = spec.targeted ? 'fall towards the target' : 'rise';
    return { reason: 'LOSS_NOT_RISING', message: `the loss did not ${wanted} on the sample: ${values}` };
  },
};

/** By how much the objective grew that the combination follows; for signs of gradients, the most that one task gained. */
function progressOf(tasks: readonly SampleTask[], { objective, targeted }: AttackSpec): number {
  const rises = tasks.map(({ task, loss, cleanLoss }) => {
    const weight = objective.tasks.find((one) => one.task === task)?.weight ?? 1;
    // Σ λ ∇L/L is the gradient of Σ λ log L.
    const rise = objective.combination === 'balanced' ? logRatio(loss, cleanLoss) : loss - cleanLoss;
    return (targeted ? -1 : 1) * weight * rise;
  });
  if (objective.combination === 'sign-sum') return Math.max(...rises);
  return rises.reduce((sum, rise) => sum + rise, 0);
}

/** log(a / b) of numbers ≥ 0, with the smallest loss that `balanced` divides by. */
const logRatio = (a: number, b: number): number => Math.log(Math.max(a, 1e-12) / Math.max(b, 1e-12));

const short = (value: number): string => String(Number(value.toPrecision(4)));
