import { findAttack } from '../../attacks/methods/index.js';
import { MAX_STEPS } from '../../runs/attack-spec.js';
import { MATERIAL_SHARE, type ReliabilityCheck } from './check.js';
import { attackedTasks, type SampleTask } from './sample-run.js';

/** A worsening of a ratio that counts even where the attack achieved nothing. */
const SMALLEST_RATIO = 0.01;

/**
 * Twice as many steps, from the same start, still make it clearly worse: the figure says how far the attack came, and not
 * how robust the model is. Clearly is by more than a tenth of what the attack achieved, as a mean over the attacked tasks.
 */
export const moreStepsHelp: ReliabilityCheck = {
  async check({ run, rerun, spec, target }) {
    if (spec.targeted || findAttack(spec.attack).ignores.includes('steps')) return undefined;
    const { steps } = spec.parameters;
    if (2 * steps > MAX_STEPS) return undefined;
    const longer = attackedTasks(await rerun({ steps: 2 * steps }), target.model.tasks);
    const shares = attackedTasks(run, target.model.tasks).flatMap((task) => {
      const after = longer.find((other) => other.task === task.task);
      return after === undefined ? [] : [furtherShare(task, after)];
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    if (!(mean > MATERIAL_SHARE)) return undefined;
    const message = `${2 * steps} steps instead of ${steps} add ${Math.round(100 * mean)} % to what the attack achieves: give it more`;
    return { reason: 'MORE_STEPS_HELP', message };
  },
};

/** How much more of its metric a task lost, as a share of what it had lost. */
function furtherShare(before: SampleTask, after: SampleTask): number {
  const further = after.badness - before.badness;
  if (Math.abs(further) < (before.isRatio ? SMALLEST_RATIO : Number.MIN_VALUE)) return 0;
  const achieved = Math.max(before.badness - before.cleanBadness, 0);
  return achieved === 0 ? Math.sign(further) : Math.max(-1, Math.min(1, further / achieved));
}
