import type { ReliabilityCheck } from './check.js';
import { largeEpsilonFails } from './large-epsilon-fails.js';
import { lossNotRising } from './loss-not-rising.js';
import { moreStepsHelp } from './more-steps-help.js';
import { nonDeterministic } from './non-deterministic.js';
import { softmaxApplied } from './softmax-applied.js';
import { vanishingGradient } from './vanishing-gradient.js';

/** Every check, by the reason that it gives. */
export const reliabilityChecks = {
  LARGE_EPSILON_FAILS: largeEpsilonFails,
  LOSS_NOT_RISING: lossNotRising,
  MORE_STEPS_HELP: moreStepsHelp,
  NON_DETERMINISTIC: nonDeterministic,
  SOFTMAX_APPLIED: softmaxApplied,
  VANISHING_GRADIENT: vanishingGradient,
} as const satisfies Readonly<Record<string, ReliabilityCheck>>;
