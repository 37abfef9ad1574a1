import type { Attack } from '../attack.js';
import { iterate } from '../iterate.js';
import { steepest } from '../steepest.js';

/**
 * Fast gradient sign method: one step of length ε from the clean pixels.
 *
 *   x ← Π(x₀ + ε · sign(∇L))
 *
 * Source: Goodfellow et al., "Explaining and Harnessing Adversarial Examples", ICLR 2015 (arXiv:1412.6572).
 */
export const fgsm: Attack = {
  defaults: { steps: 1, randomStart: 'none' },
  compatDefaults: {},
  ignores: ['steps', 'stepSize', 'restarts', 'decay', 'normalizeGradient', 'houdiniPush', 'iterate', 'earlyStop'],
  run(input) {
    const parameters = { ...input.parameters, steps: 1, stepSize: input.parameters.epsilon };
    return iterate({ ...input, parameters }, (gradient) => steepest(gradient, parameters.norm));
  },
};
