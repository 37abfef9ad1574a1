import type { Schedule } from './schedule.js';

export interface PolySettings {
  readonly power: number;
}

/**
 * η = η₀ · (1 − t/T)^p over the T steps of the training. Source: PyTorch's `PolynomialLR`, stepped after every batch; DRN
 * and DeepLab train with p = 0.9.
 */
export const poly =
  (learningRate: number, { power }: PolySettings): Schedule =>
  ({ step, total }) => ({ learningRate: learningRate * (1 - step / total) ** power });
