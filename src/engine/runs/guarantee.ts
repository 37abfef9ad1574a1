import type { Norm } from '../attacks/attack.js';
import { PIXEL_RANGE } from '../attacks/attack.js';
import { l2Norm, linfNorm } from '../attacks/norms.js';
import { project } from '../attacks/project.js';
import { EngineError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import type { PerturbationNorms } from './events.js';

/** How far outside the ball rounding to float32 may leave a result, in levels. */
const TOLERANCE = 1e-4;

/**
 * The result of an attack as the gateway answers for it: projected once more, and checked.
 *
 * @param raw levels of one example, as the attack left them
 * @throws EngineError `INTERNAL`. Thrown when it is not finite, in range and in the ball even so.
 */
export function guaranteed(raw: Float32Array, clean: Float32Array, epsilon: number, norm: Norm): Float32Array {
  const asBatch = (data: Float32Array): Tensor => ({ data, shape: [1, data.length] });
  const { data } = project(asBatch(raw), asBatch(clean), epsilon, norm);
  const [min, max] = PIXEL_RANGE;
  const outside = data.find((x) => !(x >= min && x <= max));
  if (outside !== undefined) throw new EngineError('INTERNAL', `expected levels in [${min}, ${max}], got ${outside}`);
  const norms = normsOf(data, clean);
  const length = norm === 'linf' ? norms.linf : norms.l2;
  if (!(length <= epsilon + TOLERANCE)) {
    throw new EngineError('INTERNAL', `expected a perturbation of at most ${epsilon} levels, got ${length}`);
  }
  return data;
}

/**
 * Whole-numbered levels between the clean ones, which are whole, and the adversarial ones: rounding toward the clean image
 * never leaves the ball.
 */
export function roundedTowardClean(adversarial: Float32Array, clean: Float32Array): Float32Array {
  return adversarial.map((x, i) => {
    const change = x - (clean[i] as number);
    // A change that is whole but for the rounding of float32 stays what it is.
    return (clean[i] as number) + Math.trunc(change + Math.sign(change) * TOLERANCE);
  });
}

/** Norms of adversarial minus clean, in levels. */
export function normsOf(adversarial: Float32Array, clean: Float32Array): PerturbationNorms {
  const change = adversarial.map((x, i) => x - (clean[i] as number));
  return { linf: linfNorm(change), l2: l2Norm(change) };
}
