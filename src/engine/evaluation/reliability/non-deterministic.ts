import type { ReplyTensor } from '../../runs/job.js';
import type { ReliabilityCheck } from './check.js';

/** Share of the largest output by which two answers may differ: what sums in another order may do in float32. */
const MAX_DIFFERENCE = 1e-5;

/**
 * Another answer to the same input. An attack that follows one draw of the noise is weaker than one that averages over it,
 * and the figure itself changes from run to run.
 * Source: Athalye, Carlini and Wagner, "Obfuscated Gradients Give a False Sense of Security", ICML 2018 (arXiv:1802.00420).
 */
export const nonDeterministic: ReliabilityCheck = {
  async check({ target, examples, signal }) {
    const call = { signal, pictures: false };
    const [first, second] = [await target.predict(examples, call), await target.predict(examples, call)];
    const names = target.model.tasks
      .map(({ name }) => name)
      .filter((name) => first.some((outputs, n) => differ(outputs.get(name), second[n]?.get(name))));
    if (names.length === 0) return undefined;
    const message = `the same input gave other outputs of ${names.join(', ')} when it was asked again`;
    return { reason: 'NON_DETERMINISTIC', message };
  },
};

function differ(one: ReplyTensor | undefined, other: ReplyTensor | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  let [largest, difference] = [0, 0];
  for (const [i, value] of one.data.entries()) {
    largest = Math.max(largest, Math.abs(value));
    difference = Math.max(difference, Math.abs(value - (other.data[i] ?? NaN)));
  }
  return difference > MAX_DIFFERENCE * largest;
}
