import type { AttackParameters } from '../attacks/attack.js';
import { attackDefaults } from '../attacks/defaults.js';
import { findAttack } from '../attacks/methods/index.js';
import type { AttackSpec } from './spec.js';

/** Parameters by the short names of the text form, in its order. */
export const SHORT_PARAMETERS: readonly (readonly [name: string, parameter: keyof AttackParameters])[] = [
  ['steps', 'steps'],
  ['eps', 'epsilon'],
  ['step', 'stepSize'],
  ['restarts', 'restarts'],
  ['start', 'randomStart'],
  ['decay', 'decay'],
  ['normalize', 'normalizeGradient'],
  ['norm', 'norm'],
  ['push', 'houdiniPush'],
  ['iterate', 'iterate'],
  ['earlystop', 'earlyStop'],
];

/**
 * Attack and objective in one line, as metrics, reports and logs have it:
 *
 *   pgd(steps=50,eps=4)@sum(segmentation=1,depth=1)
 *
 * Steps and ε always stand there, other parameters where they are not the attack's defaults; a loss stands behind its task
 * where it is not the task's own, e.g. `segmentation=1:margin`, and always of an attack that may prefer another.
 *
 * @param defaultLoss gives the loss that a task has of itself
 */
export function formatSpec(spec: AttackSpec, defaultLoss: (task: string) => string | undefined): string {
  const attack = findAttack(spec.attack);
  const defaults = { ...attackDefaults, ...attack.defaults };
  const parameters = SHORT_PARAMETERS.filter(([, parameter]) => {
    if (parameter === 'epsilon') return true;
    if (attack.ignores.includes(parameter)) return false;
    return parameter === 'steps' || spec.parameters[parameter] !== defaults[parameter];
  }).map(([name, parameter]) => `${name}=${spec.parameters[parameter]}`);
  const { combination, tasks } = spec.objective;
  const weighted = tasks.map(({ task, weight, loss }) => {
    const isOwn = attack.untargetedLoss === undefined && loss === (attack.loss ?? defaultLoss(task));
    return `${task}=${weight}${isOwn ? '' : `:${loss}`}`;
  });
  const targeted = spec.targeted ? 'targeted-' : '';
  return `${targeted}${spec.attack}(${parameters.join(',')})@${combination}(${weighted.join(',')})`;
}
