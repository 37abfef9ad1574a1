/**
 * An image of one channel blurred by a Gaussian of standard deviation `sigma` pixels, cut off at 4 σ, and mirrored at its
 * edges (d c b a | a b c d | d c b a).
 * Source: https://docs.scipy.org/doc/scipy/reference/generated/scipy.ndimage.gaussian_filter.html with its defaults.
 *
 * @param values row by row, [height, width]
 */
export function blurGaussian(values: Float64Array, width: number, height: number, sigma: number): Float32Array {
  const kernel = gaussianKernel(sigma);
  const down = blurLines(values, { lines: width, length: height, step: width, between: 1 }, kernel);
  const across = blurLines(down, { lines: height, length: width, step: 1, between: width }, kernel);
  return Float32Array.from(across);
}

/** Where lines of an image are: neighbours in a line are `step` apart, and lines begin `between` apart. */
interface Lines {
  readonly lines: number;
  readonly length: number;
  readonly step: number;
  readonly between: number;
}

/** Weights at distances −r … r, which sum to 1. */
function gaussianKernel(sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-0.5 * ((i - radius) / sigma) ** 2));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function blurLines(values: Float64Array, { lines, length, step, between }: Lines, kernel: Float64Array): Float64Array {
  const radius = (kernel.length - 1) / 2;
  const blurred = new Float64Array(values.length);
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) {
        const at = mirrored(i + k - radius, length);
        sum += (kernel[k] as number) * (values[line * between + at * step] as number);
      }
      blurred[line * between + i * step] = sum;
    }
  }
  return blurred;
}

/** The index in 0 … length − 1 that `i` is when the line and its mirror image follow each other for ever. */
function mirrored(i: number, length: number): number {
  const period = 2 * length;
  const phase = ((i % period) + period) % period;
  return phase < length ? phase : period - 1 - phase;
}
