import { annealCosine, annealLinear, type Schedule } from './schedule.js';

export interface OneCycleSettings {
  /** Largest learning rate. */
  readonly maxLearningRate: number;
  /** Share of the steps in which the rate rises. */
  readonly rise: number;
  /** The first rate is the largest over this. */
  readonly divFactor: number;
  /** The last rate is the first over this. */
  readonly finalDivFactor: number;
  readonly anneal: 'cosine' | 'linear';
  /** Smallest and largest momentum, which falls while the rate rises and rises while it falls; `false` leaves it alone. */
  readonly momentum: false | readonly [number, number];
}

/**
 * One rise of the learning rate and one fall, and of momentum the other way round. With T steps, rise r, M = r T − 1:
 *
 *   t ≤ M:  from max / div to max, at t / M        else: from max to max / (div · finalDiv), at (t − M) / (T − 1 − M)
 *
 * Source: Smith and Topin, "Super-Convergence" (arXiv:1708.07120), as PyTorch's `OneCycleLR` with two phases has it.
 */
export function oneCycle(settings: OneCycleSettings): Schedule {
  const { maxLearningRate: top, rise, divFactor, finalDivFactor, momentum } = settings;
  const anneal = settings.anneal === 'cosine' ? annealCosine : annealLinear;
  const first = top / divFactor;
  const last = first / finalDivFactor;
  return ({ step, total }) => {
    const middle = rise * total - 1;
    const isRising = step <= middle;
    // A rise of one step has no length: it is over at once.
    const share = isRising ? (middle === 0 ? 1 : step / middle) : (step - middle) / Math.max(total - 1 - middle, 1e-9);
    const learningRate = isRising ? anneal(first, top, share) : anneal(top, last, share);
    if (momentum === false) return { learningRate };
    const [low, high] = momentum;
    return { learningRate, momentum: isRising ? anneal(high, low, share) : anneal(low, high, share) };
  };
}
