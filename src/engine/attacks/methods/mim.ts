import type { Attack } from '../attack.js';
import { iterate } from '../iterate.js';
import { momentumDirection } from '../momentum.js';

/**
 * Momentum iterative method (MI-FGSM).
 *
 *   g ← μ · g + ∇L / ‖∇L‖₁, per example        x ← Π(x + α · sign(g))
 *
 * Source: Dong et al., "Boosting Adversarial Attacks with Momentum", CVPR 2018, Algorithm 1 (arXiv:1710.06081); its
 * equation 8 for L2. The paper's released code accumulates raw gradients with μ = 0.5.
 */
export const mim: Attack = {
  defaults: { decay: 1 },
  compatDefaults: { randomStart: 'upper-corner', decay: 0.5, normalizeGradient: false },
  ignores: ['houdiniPush'],
  run: (input) => iterate(input, momentumDirection(input)),
};
