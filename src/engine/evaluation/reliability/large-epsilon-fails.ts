import { findAttack } from '../../attacks/methods/index.js';
import { type CheckContext, MATERIAL_SHARE, type ReliabilityCheck } from './check.js';
import { attackedTasks, type SampleRun } from './sample-run.js';

/** A radius at which any input may become any other. */
const WHOLE_RANGE = 255;
/** How often the steps of the attack could cross the ball's radius. */
const CROSSINGS = 2.5;

/**
 * An attack that may change everything and still does not succeed: gradients lead nowhere. Where a task says when an
 * example is broken, every example must be; elsewhere loss and metric must be about as bad as at the attack's own ε, within
 * a tenth of what it achieves there. In L2 the ball of this radius is small, so that L∞ is taken for both.
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019 (arXiv:1902.06705), section 4.
 */
export const largeEpsilonFails: ReliabilityCheck = {
  async check(context) {
    const { spec } = context;
    const { steps, stepSize } = spec.parameters;
    const run = await context.rerun({
      epsilon: WHOLE_RANGE,
      norm: 'linf',
      ...(!findAttack(spec.attack).ignores.includes('stepSize') && {
        stepSize: Math.max(stepSize, (CROSSINGS * WHOLE_RANGE) / steps),
      }),
    });
    const problem = unbroken(run) ?? weaker(run, context);
    return problem === undefined ? undefined : { reason: 'LARGE_EPSILON_FAILS', message: problem };
  },
};

function unbroken({ results }: SampleRun): string | undefined {
  const judged = results.filter(({ tasks }) => tasks.some(({ attacked, broken }) => attacked && broken !== undefined));
  const kept = judged.filter(({ tasks }) => !tasks.some(({ attacked, broken }) => attacked && broken));
  if (kept.length === 0) return undefined;
  return `at ε = ${WHOLE_RANGE}/255 ${kept.length} of ${judged.length} examples are not broken, and all should be`;
}

function weaker(large: SampleRun, { run, spec, target }: CheckContext): string | undefined {
  const atOwn = attackedTasks(run, target.model.tasks);
  const sign = spec.targeted ? -1 : 1;
  for (const after of attackedTasks(large, target.model.tasks)) {
    const own = atOwn.find(({ task }) => task === after.task);
    if (own === undefined) continue;
    const lessLoss = sign * (own.loss - after.loss) > MATERIAL_SHARE * Math.abs(own.loss - own.cleanLoss);
    if (lessLoss) return `at ε = ${WHOLE_RANGE}/255 the loss of ${after.task} is smaller than at the attack's own ε`;
    const isBetter = own.badness - after.badness > MATERIAL_SHARE * Math.abs(own.badness - own.cleanBadness);
    if (!spec.targeted && isBetter) {
      return `at ε = ${WHOLE_RANGE}/255 the metric of ${after.task} is better than at the attack's own ε`;
    }
  }
  return undefined;
}
