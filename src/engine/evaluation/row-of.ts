import type { TaskOutcome } from '../runs/events.js';
import type { EvaluationRow, RowTask } from './row.js';
import type { TargetResult } from './target.js';

/** What a row keeps of the attack on one example. */
export function rowOf(attack: number, index: number, result: TargetResult): EvaluationRow {
  const { key, tasks, perturbation, steps, restart, terminatedBy, batchSize, warnings } = result;
  const { linf, l2 } = perturbation;
  return {
    attack,
    index,
    key,
    tasks: tasks.map(rowTask),
    linf,
    l2,
    steps,
    restart,
    terminatedBy,
    batchSize,
    warnings,
  };
}

function rowTask(outcome: TaskOutcome): RowTask {
  const { task, attacked, labelSource, clean, adversarial, adversarial8bit } = outcome;
  const { cleanLoss, adversarialLoss, broken, cleanBroken } = outcome;
  return {
    task,
    attacked,
    labelSource,
    clean: clean.part,
    adversarial: adversarial.part,
    ...(adversarial8bit && { adversarial8bit: adversarial8bit.part }),
    ...(cleanLoss !== undefined && { cleanLoss }),
    ...(adversarialLoss !== undefined && { adversarialLoss }),
    ...(broken !== undefined && { broken }),
    ...(cleanBroken !== undefined && { cleanBroken }),
  };
}
