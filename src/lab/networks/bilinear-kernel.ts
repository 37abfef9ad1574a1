import { float32Tensor, type TensorValue } from '../../engine/index.js';

/**
 * The kernel [channels, 1, 2 · factor, 2 · factor] of the transposed convolution, with one group for each channel, that makes
 * an image `factor` times as large by bilinear interpolation, beyond the border with zeros: for every channel the outer product
 * of a triangle with itself, whose values are (2i + 1)/(2 · factor) up to the middle.
 *
 * @param factor even
 */
export function bilinearKernel(channels: number, factor: number): TensorValue {
  const length = 2 * factor;
  const triangle = Array.from({ length }, (_, i) => (2 * Math.min(i, length - 1 - i) + 1) / length);
  const kernel = triangle.flatMap((a) => triangle.map((b) => a * b));
  const values = Float32Array.from({ length: channels * kernel.length }, (_, i) => kernel[i % kernel.length] as number);
  return float32Tensor(values, [channels, 1, length, length]);
}
