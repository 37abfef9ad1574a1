import type { GradConfig, KernelConfig, Tensor4D } from '@tensorflow/tfjs-core';
import { EngineError } from '../../../errors.js';
import type { Tensor, Tf } from '../runtime.js';
import { spreadCotangent, type Window, windowOf } from './window.js';

/**
 * Gradient of a depthwise convolution by its input: each of C channels has M filters of its own.
 *
 *   dX[c] = Σₘ spread(dY[c, m]) ⋆ flip(W[c, m]), with the dilation of the convolution
 *
 * Shapes: dY [N, …, C·M], W [h, w, C, M], dX [N, …, C].
 */
function depthwiseInputGradient(tf: Tf, dy: Tensor, filter: Tensor, window: Window): Tensor {
  return tf.tidy(() => {
    const [height, width, channels, multiplier] = filter.shape as [number, number, number, number];
    const flipped = tf.reshape(tf.reverse(filter, [0, 1]), [height, width, channels * multiplier, 1]);
    const spread = spreadCotangent(tf, dy, window);
    const each = tf.depthwiseConv2d(spread as Tensor4D, flipped as Tensor4D, 1, 'valid', 'NHWC', [...window.dilations]);
    if (multiplier === 1) return each;
    return tf.reshape(tf.sum(tf.reshape(each, [-1, multiplier]), 1), [...window.inputShape]);
  });
}

/** TF.js's own gradient, but for dilated convolutions. */
export function depthwiseGradient(tf: Tf): GradConfig {
  const original = tf.getGradient('DepthwiseConv2dNative');
  return {
    kernelName: 'DepthwiseConv2dNative',
    inputsToSave: ['x', 'filter'],
    gradFunc(dy, saved, attrs) {
      const [x, filter] = saved as [Tensor, Tensor];
      const window = windowOf(tf, x.shape, filter.shape, attrs);
      if (window.dilations.every((d) => d === 1)) return original.gradFunc(dy, saved, attrs);
      return {
        x: () => depthwiseInputGradient(tf, dy as Tensor, filter, window),
        filter: () => {
          throw new EngineError(
            'UNSUPPORTED_OP',
            'expected a dilated depthwise convolution with a constant filter, got one that depends on pixels',
          );
        },
      };
    },
  };
}

/** The kernel that TF.js's own gradient calls, and WebAssembly has not. */
export const depthwiseInputKernel = (tf: Tf): KernelConfig => ({
  kernelName: 'DepthwiseConv2dNativeBackpropInput',
  backendName: 'wasm',
  kernelFunc({ inputs, attrs = {} }) {
    const { dy, filter } = inputs as { dy: Tensor; filter: Tensor };
    const { inputShape } = attrs as { inputShape: readonly number[] };
    return depthwiseInputGradient(tf, dy, filter, windowOf(tf, inputShape, filter.shape, attrs));
  },
});
