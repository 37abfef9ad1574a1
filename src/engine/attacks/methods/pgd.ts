import type { Attack } from '../attack.js';
import { iterate } from '../iterate.js';
import { steepest } from '../steepest.js';

/**
 * Projected gradient descent, from a random point of the ball.
 *
 *   x ← Π(x + α · sign(∇L))        (L2: ∇L / ‖∇L‖₂ instead of the sign)
 *
 * Source: Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR 2018 (arXiv:1706.06083).
 */
export const pgd: Attack = {
  defaults: {},
  compatDefaults: { randomStart: 'upper-corner' },
  ignores: ['decay', 'normalizeGradient', 'houdiniPush'],
  run: (input) => iterate(input, (gradient) => steepest(gradient, input.parameters.norm)),
};
