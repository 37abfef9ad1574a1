import type { Schedule } from './schedule.js';

/** The same learning rate at every step. */
export const constant =
  (learningRate: number): Schedule =>
  () => ({ learningRate });
