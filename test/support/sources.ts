import type { Evaluation, GradientSource } from '../../src/engine/attacks/attack.js';
import { mapExamples, type Tensor } from '../../src/engine/tensor/tensor.js';
import { batch, rowsOf } from './tensors.js';

/** What a program with one task says, whose loss is its score and its objective too. */
export const evaluationOf = (losses: readonly number[], gradient: Tensor): Evaluation => ({
  losses: batch(...losses.map((loss) => [loss])),
  scores: batch(...losses.map((loss) => [loss])),
  objective: Float32Array.from(losses),
  gradient,
});

/** Gives `gradients` one after another, wherever it is asked; the loss of every example is the number of the call. */
export function scripted(...gradients: readonly Tensor[]): GradientSource {
  let calls = 0;
  return {
    async evaluate({ shape: [count = 0] }) {
      const gradient = gradients[calls++];
      if (gradient === undefined) throw new Error(`the script ends after ${gradients.length} gradients`);
      return evaluationOf(new Array<number>(count).fill(calls), gradient);
    },
  };
}

const sinSum = (example: Iterable<number>): number => [...example].reduce((sum, x) => sum + Math.sin(x), 0);

/** L = s³ with s = Σ sin x, so dL/dx = 3s² cos x: signs and lengths change from step to step and example to example. */
export const wavy: GradientSource = {
  evaluate: async (pixels) =>
    evaluationOf(
      rowsOf(pixels).map((example) => sinSum(example) ** 3),
      mapExamples(pixels, (example) => example.map((x) => 3 * sinSum(example) ** 2 * Math.cos(x))),
    ),
};
