import type { Schedule, ScheduleUnit } from './schedule.js';

export interface StepSettings {
  /** Steps or epochs between two falls: an integer ≥ 1. */
  readonly every: number;
  readonly gamma: number;
  readonly unit: ScheduleUnit;
}

/** η = η₀ · γ^⌊t / every⌋. Source: PyTorch's `StepLR`. */
export const step =
  (learningRate: number, { every, gamma, unit }: StepSettings): Schedule =>
  (moment) => ({ learningRate: learningRate * gamma ** Math.floor(moment[unit] / every) });
