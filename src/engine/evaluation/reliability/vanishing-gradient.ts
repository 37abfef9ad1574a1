import { findAttack } from '../../attacks/methods/index.js';
import type { ReliabilityCheck } from './check.js';

/** A step of one level that changes the loss by less is lost in the rounding of a float32 loss of about 1. */
const SMALLEST_NORM = 1e-8;

/**
 * Gradients that are there and too small to be trusted, as where logits are so large that the loss saturates: what is
 * left of them is rounding. Gradients of exactly 0 are told by the rows.
 */
export const vanishingGradient: ReliabilityCheck = {
  async check({ run: { largestGradient }, spec }) {
    if (findAttack(spec.attack).isBlackBox) return undefined;
    if (largestGradient === undefined || largestGradient >= SMALLEST_NORM) return undefined;
    const message = `no step's gradient was larger than ${largestGradient.toExponential(1)} per level: a loss is saturated`;
    return { reason: 'VANISHING_GRADIENT', message };
  },
};
