import { type Shape, sizeOf } from '../tensor/shape.js';

/**
 * The class of the largest output at each position, the first of several: the output's shape without `classAxis`.
 * NaN never wins; where all are NaN the class is 0.
 */
export function predictedClasses(output: Float32Array, shape: Shape, classAxis: number): Int32Array {
  const classes = shape[classAxis] ?? 1;
  const stride = sizeOf(shape.slice(classAxis + 1));
  const result = new Int32Array(output.length / classes);
  for (let i = 0; i < result.length; i++) {
    const first = Math.floor(i / stride) * classes * stride + (i % stride);
    let best = -Infinity;
    for (let c = 0; c < classes; c++) {
      const value = output[first + c * stride] as number;
      if (value > best) {
        best = value;
        result[i] = c;
      }
    }
  }
  return result;
}
