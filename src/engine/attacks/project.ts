import { mapExamples, requireSameShape, type Tensor, zip } from '../tensor/tensor.js';
import { type Norm, PIXEL_RANGE } from './attack.js';
import { l2Norm } from './norms.js';

const [MIN, MAX] = PIXEL_RANGE;

/**
 * `pixels` moved into the ball of radius `epsilon` levels around `clean` and into [0, 255], where `clean` must be.
 *
 * L∞: the nearest such point. L2: the perturbation is shortened to length ε, then cut to the range, which only shortens it
 * further. Rounding to float32 may leave a pixel up to 1e-5 level outside the ball, but never outside the range.
 */
export function project(pixels: Tensor, clean: Tensor, epsilon: number, norm: Norm): Tensor {
  return norm === 'linf' ? projectLinf(pixels, clean, epsilon) : projectL2(pixels, clean, epsilon);
}

function projectLinf(pixels: Tensor, clean: Tensor, epsilon: number): Tensor {
  const [from, origins] = [pixels.data, requireSameShape(pixels, clean).data];
  const data = new Float32Array(from.length);
  for (let i = 0; i < data.length; i++) {
    const origin = origins[i] as number;
    const low = Math.max(origin - epsilon, MIN);
    const high = Math.min(origin + epsilon, MAX);
    data[i] = Math.min(Math.max(from[i] as number, low), high);
  }
  return { data, shape: pixels.shape };
}

function projectL2(pixels: Tensor, clean: Tensor, epsilon: number): Tensor {
  const perturbation = zip(pixels, clean, (x, origin) => x - origin);
  const shortened = mapExamples(perturbation, (example) => {
    const length = l2Norm(example);
    return length <= epsilon ? example : example.map((value) => (value * epsilon) / length);
  });
  return zip(shortened, clean, (value, origin) => Math.min(Math.max(origin + value, MIN), MAX));
}
