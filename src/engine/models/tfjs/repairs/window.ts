import type { NamedAttrMap } from '@tensorflow/tfjs-core';
import type { Shape } from '../../../tensor/shape.js';
import type { Tensor, Tf } from '../runtime.js';

/** A convolution over [N, H, W, C], by axis: height, then width. */
export interface Window {
  readonly inputShape: Shape;
  readonly lengths: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Zeros before the first element. */
  readonly pads: readonly [number, number];
}

/** What the attributes of a convolution of TF.js mean for an input of this shape. */
export function windowOf(tf: Tf, inputShape: Shape, filterShape: Shape, attrs: NamedAttrMap): Window {
  const { strides, dilations, pad, dimRoundingMode } = attrs as {
    strides: number | [number, number];
    dilations?: number | [number, number];
    pad: 'same' | 'valid' | number;
    dimRoundingMode?: 'floor';
  };
  const info = tf.backend_util.computeConv2DInfo(
    inputShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
  );
  return {
    inputShape,
    lengths: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [info.padInfo.top, info.padInfo.left],
  };
}

/**
 * The cotangent of a convolution's output, so that a convolution of it with the flipped filter, without padding and with
 * stride 1, gives the cotangent of the input: zeros between its elements where the stride was larger, and around them.
 */
export function spreadCotangent(tf: Tf, dy: Tensor, window: Window): Tensor {
  let result = dy;
  for (const i of [0, 1] as const) {
    const axis = i + 1;
    result = spread(tf, result, axis, window.strides[i]);
    const reach = (window.lengths[i] - 1) * window.dilations[i];
    const before = reach - window.pads[i];
    const after = (window.inputShape[axis] as number) + reach - before - (result.shape[axis] as number);
    result = padOrCrop(tf, result, axis, before, after);
  }
  return result;
}

/** `stride` − 1 zeros behind each element along an axis of a tensor of rank 4. */
function spread(tf: Tf, x: Tensor, axis: number, stride: number): Tensor {
  if (stride === 1) return x;
  const outer = x.shape.slice(0, axis + 1).reduce((product, n) => product * n, 1);
  const inner = x.shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  const spaced = tf.pad(tf.reshape(x, [outer, 1, inner]), [
    [0, 0],
    [0, stride - 1],
    [0, 0],
  ]);
  return tf.reshape(spaced, x.shape.with(axis, (x.shape[axis] as number) * stride));
}

function padOrCrop(tf: Tf, x: Tensor, axis: number, before: number, after: number): Tensor {
  const pads = x.shape.map((_, a): [number, number] =>
    a === axis ? [Math.max(before, 0), Math.max(after, 0)] : [0, 0],
  );
  const padded = before > 0 || after > 0 ? tf.pad(x, pads) : x;
  if (before >= 0 && after >= 0) return padded;
  const begin = x.shape.map((_, a) => (a === axis ? Math.max(-before, 0) : 0));
  const length = (x.shape[axis] as number) + before + after;
  return tf.slice(
    padded,
    begin,
    padded.shape.map((n, a) => (a === axis ? length : n)),
  );
}
