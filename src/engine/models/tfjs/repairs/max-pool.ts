import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Tensor, Tf } from '../runtime.js';

/**
 * The gradient of `MaxPool` for WebAssembly: each element of dY goes to the first of the largest elements under its window,
 * as on the other backends; the kernel that it has takes the last.
 *
 * Shapes: X [N, h, w, C], dY [N, H, W, C], dX as X.
 */
export const maxPoolKernel = (tf: Tf): KernelConfig => ({
  kernelName: 'MaxPoolGrad',
  backendName: 'wasm',
  kernelFunc({ inputs, attrs = {} }) {
    const { dy, input } = inputs as { dy: Tensor; input: Tensor };
    const { filterSize, strides, pad, dimRoundingMode } = attrs as {
      filterSize: number | [number, number];
      strides: number | [number, number];
      pad: 'same' | 'valid' | number;
      dimRoundingMode?: 'floor';
    };
    const shape = input.shape as [number, number, number, number];
    const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const read = (tensor: Tensor): Float32Array => tf.engine().readSync(tensor.dataId) as Float32Array;
    return tf.tensor4d(maxPoolGradient(read(input), read(dy), info), shape);
  },
});

/** What of a pool's description the gradient reads. */
type PoolInfo = ReturnType<Tf['backend_util']['computePool2DInfo']>;

function maxPoolGradient(x: Float32Array, dy: Float32Array, info: PoolInfo): Float32Array {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, inChannels: channels, padInfo } = info;
  const dx = new Float32Array(x.length);
  for (let n = 0; n < batchSize; n++) {
    for (let row = 0; row < outHeight; row++) {
      const top = row * info.strideHeight - padInfo.top;
      const [firstRow, lastRow] = [Math.max(top, 0), Math.min(top + info.filterHeight, inHeight)];
      for (let column = 0; column < outWidth; column++) {
        const left = column * info.strideWidth - padInfo.left;
        const [firstColumn, lastColumn] = [Math.max(left, 0), Math.min(left + info.filterWidth, inWidth)];
        const output = ((n * outHeight + row) * outWidth + column) * channels;
        for (let c = 0; c < channels; c++) {
          let [best, largest] = [-1, Number.NEGATIVE_INFINITY];
          for (let i = firstRow; i < lastRow; i++) {
            for (let j = firstColumn; j < lastColumn; j++) {
              const index = ((n * inHeight + i) * inWidth + j) * channels + c;
              const value = x[index] as number;
              if (value > largest || best < 0) [best, largest] = [index, value];
            }
          }
          if (best >= 0) dx[best] = (dx[best] as number) + (dy[output + c] as number);
        }
      }
    }
  }
  return dx;
}
