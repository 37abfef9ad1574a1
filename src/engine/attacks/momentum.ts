import { mapExamples, type Tensor, zerosLike, zip } from '../tensor/tensor.js';
import type { AttackInput } from './attack.js';
import { l1Norm } from './norms.js';
import { steepest } from './steepest.js';

/**
 * The direction of an attack with momentum, from one gradient after another:
 *
 *   g ← μ · g + ∇L / ‖∇L‖₁, per example        direction: steepest(g)
 *
 * or with ∇L as it is, where the parameters say so. With μ = 0 it is that of the gradient alone.
 */
export function momentumDirection({ clean, parameters }: AttackInput): (gradient: Tensor) => Tensor {
  const { decay, normalizeGradient, norm } = parameters;
  let g = zerosLike(clean);
  return (gradient) => {
    g = zip(g, normalizeGradient ? l1Normalized(gradient) : gradient, (sum, value) => decay * sum + value);
    return steepest(g, norm);
  };
}

/** Divides each example by its own L1 norm; an example of zeros stays as it is. */
const l1Normalized = (gradient: Tensor): Tensor =>
  mapExamples(gradient, (example) => {
    const norm = l1Norm(example);
    return norm === 0 ? example : example.map((value) => value / norm);
  });
