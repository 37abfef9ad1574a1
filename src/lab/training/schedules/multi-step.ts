import type { Schedule, ScheduleUnit } from './schedule.js';

export interface MultiStepSettings {
  /** Steps or epochs from which on the rate is multiplied with γ once more. */
  readonly milestones: readonly number[];
  readonly gamma: number;
  readonly unit: ScheduleUnit;
}

/** η = η₀ · γ^(number of milestones ≤ t). Source: PyTorch's `MultiStepLR`. */
export const multiStep =
  (learningRate: number, { milestones, gamma, unit }: MultiStepSettings): Schedule =>
  (moment) => ({
    learningRate: learningRate * gamma ** milestones.filter((milestone) => milestone <= moment[unit]).length,
  });
