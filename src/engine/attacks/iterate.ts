import { type Tensor, zip } from '../tensor/tensor.js';
import type { AttackInput, AttackRun } from './attack.js';
import { project } from './project.js';
import { startOf } from './start.js';

/**
 * The loop that all attacks share: take the gradient, move along `direction`, project, report.
 *
 *   x ← Π(x + α · direction(∇L))
 *
 * `direction` gets the gradient once per step, in order, and returns a tensor of its shape of length at most 1 in the norm.
 */
export async function* iterate(input: AttackInput, direction: (gradient: Tensor) => Tensor): AttackRun {
  const { source, clean, signal } = input;
  const { epsilon, stepSize, steps, norm } = input.parameters;
  let pixels = startOf(input);
  for (let step = 1; step <= steps; step++) {
    signal.throwIfAborted();
    const before = pixels;
    const evaluation = await source.evaluate(before, signal);
    const moved = zip(before, direction(evaluation.gradient), (x, d) => x + stepSize * d);
    pixels = project(moved, clean, epsilon, norm);
    yield { step, before, evaluation, pixels };
  }
}
