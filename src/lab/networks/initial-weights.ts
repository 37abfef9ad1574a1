import { keyedRandom } from '../../engine/index.js';

/** How the weights of a layer are drawn. Draws depend on the seed and the name of the weight alone. */
export type Draw = (name: string, seed: number, count: number) => Float32Array;

/**
 * Normal draws of mean 0.
 * Source: Box and Muller, "A Note on the Generation of Random Normal Deviates", Annals of Mathematical Statistics 29(2), 1958
 */
export const normalWeights =
  (deviation: number): Draw =>
  (name, seed, count) => {
    const draw = keyedRandom('weights', seed, name, 0);
    const values = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      // A draw may be 0, whose logarithm is not finite.
      const radius = deviation * Math.sqrt(-2 * Math.log(1 - draw()));
      const angle = 2 * Math.PI * draw();
      values[i] = radius * Math.cos(angle);
      // Behind the last element, where the count is odd, this is dropped.
      values[i + 1] = radius * Math.sin(angle);
    }
    return values;
  };

/** Uniform draws from [−limit, limit). */
export const uniformWeights =
  (limit: number): Draw =>
  (name, seed, count) => {
    const draw = keyedRandom('weights', seed, name, 0);
    return new Float32Array(count).map(() => limit * (2 * draw() - 1));
  };
