import type { AttackParameters } from './attack.js';

/** The parameters of every attack, unless the attack itself says otherwise. */
export const attackDefaults: AttackParameters = {
  epsilon: 4,
  stepSize: 1,
  steps: 10,
  restarts: 1,
  randomStart: 'uniform',
  decay: 0,
  normalizeGradient: true,
  norm: 'linf',
  houdiniPush: 'analytic',
  iterate: 'last',
  earlyStop: false,
};
