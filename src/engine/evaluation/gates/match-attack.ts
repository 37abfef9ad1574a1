import type { AttackParameters } from '../../attacks/attack.js';
import { attackDefaults } from '../../attacks/defaults.js';
import { findAttack } from '../../attacks/methods/index.js';
import type { AttackSpecRequest } from '../../runs/attack-spec.js';
import { parseSpec } from '../../runs/parse-spec.js';

/**
 * Places of the attacks that a text form, whole or abbreviated, can mean: those that agree with everything it says. An attack
 * whose text it is stands alone.
 *
 * @param suite text forms of the attacks
 * @throws EngineError `INVALID_OPTION`. Thrown when the text is no such form.
 */
export function matchAttacks(text: string, suite: readonly string[]): readonly number[] {
  const compact = text.replaceAll(/\s/g, '');
  const exact = suite.indexOf(compact);
  if (exact !== -1) return [exact];
  if (compact === '') return suite.map((_, i) => i);
  const wanted = parseSpec(text);
  return suite.flatMap((candidate, i) => (agrees(wanted, parseSpec(candidate)) ? [i] : []));
}

function agrees(wanted: AttackSpecRequest, full: AttackSpecRequest): boolean {
  if (wanted.attack !== full.attack || wanted.targeted !== full.targeted) return false;
  const parameters: AttackParameters = {
    ...attackDefaults,
    ...findAttack(full.attack).defaults,
    ...stated(full.parameters),
  };
  const sameParameters = Object.entries(stated(wanted.parameters)).every(
    ([name, value]) => parameters[name as keyof AttackParameters] === value,
  );
  return sameParameters && sameObjective(wanted, full);
}

const stated = (parameters: AttackSpecRequest['parameters']): Partial<AttackParameters> =>
  Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));

/** Tasks must be the same ones, in any order: an attack on one task is another than one on two. */
function sameObjective(wanted: AttackSpecRequest, full: AttackSpecRequest): boolean {
  if (wanted.combination !== undefined && wanted.combination !== full.combination) return false;
  if (wanted.tasks.length === 0) return true;
  const sameTasks = wanted.tasks.every(({ task, weight, loss }) => {
    const other = full.tasks.find((candidate) => candidate.task === task);
    return other !== undefined && (weight ?? other.weight) === other.weight && (loss ?? other.loss) === other.loss;
  });
  return sameTasks && wanted.tasks.length === full.tasks.length;
}
