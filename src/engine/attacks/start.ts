import { EngineError } from '../errors.js';
import { keyedRandom } from '../tensor/random.js';
import { map, mapExamples, type Tensor } from '../tensor/tensor.js';
import type { AttackInput } from './attack.js';
import { l2Norm } from './norms.js';
import { project } from './project.js';

/**
 * Where an attack starts, inside the ball and the range.
 *
 * - `none`: at the clean pixels.
 * - `uniform`, L∞: x₀ + ε u with u uniform in [−1, 1) per pixel. Source: Madry et al., "Towards Deep Learning Models
 *   Resistant to Adversarial Attacks", ICLR 2018 (arXiv:1706.06083).
 * - `uniform`, L2: x₀ + ε r^(1/d) g/‖g‖ with g normal and r uniform, so uniform in the ball of d dimensions.
 * - `upper-corner`: x₀ + ε on every pixel, where the paper's released code starts whatever it draws.
 *
 * Draws come from the generator of (seed, example key, restart).
 *
 * @throws EngineError `INTERNAL`. Thrown when an example has no key.
 */
export function startOf(input: AttackInput): Tensor {
  const { clean, parameters } = input;
  const { epsilon, norm, randomStart } = parameters;
  switch (randomStart) {
    case 'none':
      return clean;
    case 'upper-corner':
      return project(
        map(clean, (x) => x + epsilon),
        clean,
        epsilon,
        norm,
      );
    case 'uniform':
      return project(
        mapExamples(clean, (example, n) => drawn(example, n, input)),
        clean,
        epsilon,
        norm,
      );
  }
}

function drawn(example: Float32Array, n: number, { keys, seed, restart, parameters }: AttackInput): Float32Array {
  const key = keys[n];
  if (key === undefined) throw new EngineError('INTERNAL', `expected a key for example ${n}, got ${keys.length} keys`);
  const random = keyedRandom('start', seed, key, typeof restart === 'number' ? restart : (restart[n] ?? 0));
  const { epsilon, norm } = parameters;
  if (norm === 'linf') return example.map((x) => x + epsilon * (2 * random() - 1));
  const direction = example.map(() => standardNormal(random));
  const length = epsilon * random() ** (1 / example.length);
  const scale = length / (l2Norm(direction) || 1);
  return example.map((x, i) => x + scale * (direction[i] as number));
}

/** Box–Muller transform of two uniform draws. */
const standardNormal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
