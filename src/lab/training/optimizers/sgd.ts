import type { Optimizer } from './optimizer.js';

export interface SgdSettings {
  /** Part of the velocity that is kept: [0, 1). */
  readonly momentum: number;
  readonly weightDecay: number;
}

/**
 * Stochastic gradient descent with momentum μ and weight decay ω, for a parameter θ with gradient g:
 *
 *   g ← g + ω θ        v ← μ v + g        θ ← θ − η v
 *
 * The first velocity is the first gradient. Source: PyTorch's `torch.optim.SGD` without dampening and Nesterov's look ahead.
 */
export const sgd = ({ momentum: ownMomentum, weightDecay }: SgdSettings): Optimizer => ({
  slots: ['velocity'],
  update({ values, gradient, slots, learningRate, momentum = ownMomentum }) {
    const velocity = slots['velocity'] as Float32Array;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      const g = (gradient[i] as number) + weightDecay * value;
      const v = momentum * (velocity[i] as number) + g;
      velocity[i] = v;
      values[i] = value - learningRate * v;
    }
  },
});
