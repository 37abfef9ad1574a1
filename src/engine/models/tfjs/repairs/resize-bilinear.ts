import type { GradConfig } from '@tensorflow/tfjs-core';
import type { Tensor, Tf } from '../runtime.js';

/**
 * Gradient of `ResizeBilinear`: along each axis the output is a matrix times the input, Y = A X, so dX = Aᵀ dY. TF.js's own
 * takes the centres of pixels for their corners, whatever the resizing did.
 *
 * Shapes: X [N, h, w, C], Y [N, H, W, C].
 */
export const resizeBilinearGradient = (tf: Tf): GradConfig => ({
  kernelName: 'ResizeBilinear',
  inputsToSave: ['images'],
  gradFunc(dy, [images], attrs) {
    const { alignCorners, halfPixelCenters } = attrs as { alignCorners: boolean; halfPixelCenters: boolean };
    const [count, height, width, channels] = (images as Tensor).shape as [number, number, number, number];
    return {
      images: () => {
        const [, outHeight = 0, outWidth = 0] = (dy as Tensor).shape;
        const back = (cotangent: Tensor, batch: number, to: number, from: number, rest: number): Tensor =>
          tf.matMul(
            tf.tensor3d(bilinearMatrix(to, from, alignCorners, halfPixelCenters), [1, from, to]),
            tf.reshape(cotangent, [batch, from, rest]),
            true,
          );
        const rows = back(dy as Tensor, count, height, outHeight, outWidth * channels);
        return tf.reshape(back(rows, count * height, width, outWidth, channels), (images as Tensor).shape);
      },
    };
  },
});

/** Weights of bilinear interpolation along one axis, [to × from] row by row, as TF.js's kernels have them. */
export function bilinearMatrix(
  from: number,
  to: number,
  alignCorners: boolean,
  halfPixelCenters: boolean,
): Float32Array {
  const isAligned = alignCorners && to > 1;
  const ratio = isAligned ? (from - 1) / (to - 1) : from / to;
  const matrix = new Float32Array(to * from);
  for (let row = 0; row < to; row++) {
    const position = Math.max(halfPixelCenters ? ratio * (row + 0.5) - 0.5 : ratio * row, 0);
    const low = Math.min(Math.floor(position), from - 1);
    const high = Math.min(low + 1, from - 1);
    const share = Math.min(position - low, 1);
    matrix[row * from + low] = (matrix[row * from + low] as number) + 1 - share;
    matrix[row * from + high] = (matrix[row * from + high] as number) + share;
  }
  return matrix;
}
