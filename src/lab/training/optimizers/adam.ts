import type { Optimizer } from './optimizer.js';

export interface AdamSettings {
  /** Decay of the two moments, each in [0, 1). A schedule that cycles momentum replaces the first. */
  readonly betas: readonly [number, number];
  /** Added to the root of the second moment. */
  readonly epsilon: number;
  readonly weightDecay: number;
}

/**
 * Adam with bias correction, for a parameter θ with gradient g at its update t:
 *
 *   g ← g + ω θ        m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
 *   θ ← θ − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
 *
 * Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015 (arXiv:1412.6980); weight decay and the
 * place of ε as in PyTorch's `torch.optim.Adam`.
 */
export const adam = ({ betas: [ownBeta1, beta2], epsilon, weightDecay }: AdamSettings): Optimizer => ({
  slots: ['mean', 'square'],
  update({ values, gradient, slots, learningRate, momentum: beta1 = ownBeta1, count }) {
    const [mean, square] = [slots['mean'] as Float32Array, slots['square'] as Float32Array];
    const stepSize = learningRate / (1 - beta1 ** count);
    const correction = Math.sqrt(1 - beta2 ** count);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      const g = (gradient[i] as number) + weightDecay * value;
      const m = beta1 * (mean[i] as number) + (1 - beta1) * g;
      const v = beta2 * (square[i] as number) + (1 - beta2) * g * g;
      mean[i] = m;
      square[i] = v;
      values[i] = value - (stepSize * m) / (Math.sqrt(v) / correction + epsilon);
    }
  },
});
