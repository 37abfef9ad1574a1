import type { Attack } from '../attack.js';
import { iterate } from '../iterate.js';
import { momentumDirection } from '../momentum.js';

/**
 * PGD on the Houdini loss, which follows the prediction itself: for tasks with classes. The loss, and what it does where
 * the prediction is right (`houdiniPush`), is `losses/houdini.ts`.
 *
 * Source: Cisse et al., "Houdini: Fooling Deep Structured Prediction Models", 2017 (arXiv:1707.05373). The paper's released
 * code adds momentum with μ = 0.5 on raw gradients and pushes right positions too.
 */
export const houdini: Attack = {
  defaults: {},
  compatDefaults: { randomStart: 'upper-corner', decay: 0.5, normalizeGradient: false, houdiniPush: 'one-sided' },
  ignores: [],
  loss: 'houdini',
  run: (input) => iterate(input, momentumDirection(input)),
};
