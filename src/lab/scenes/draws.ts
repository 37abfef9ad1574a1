import { keyedRandom } from '../../engine/index.js';

/** Random draws of one scene, in the order in which they are asked for. */
export interface Draws {
  /** Uniform in [low, high). */
  uniform(low: number, high: number): number;
  /** Of a normal distribution. */
  normal(mean: number, deviation: number): number;
  /** A whole number, low … high − 1, each as likely. */
  integer(low: number, high: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** −1 or 1. */
  side(): -1 | 1;
}

/**
 * The draws of a scene: they depend on its seed and key alone.
 *
 * @param seed 0 … 2³² − 1
 */
export function drawsOf(seed: number, key: string): Draws {
  const next = keyedRandom('scene', seed, key, 0);
  let spare: number | undefined;
  // Box and Muller's transform, which makes two at a time.
  const standard = (): number => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  const uniform = (low: number, high: number): number => low + (high - low) * next();
  return {
    uniform,
    normal: (mean, deviation) => mean + deviation * standard(),
    integer: (low, high) => Math.floor(uniform(low, high)),
    chance: (probability) => next() < probability,
    side: () => (next() < 0.5 ? -1 : 1),
  };
}
