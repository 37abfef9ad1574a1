import { EngineError } from '../errors.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { InputConfig } from './model-config.js';

/** From levels 0–255 to what the model takes: input = scale · level + offset, per channel. */
export interface Preprocessing {
  /** One number per channel, or one for all. */
  readonly scale: Float32Array;
  readonly offset: Float32Array;
  /** Axis of the channels, counting the batch axis. */
  readonly channelAxis: number;
}

/**
 * What `model.yaml` says of the input, as one scale and one offset per channel.
 *
 * @param channels number of channels of an image, if known
 * @throws EngineError `INVALID_MODEL`. Thrown when there are fewer or more numbers than channels.
 */
export function preprocessingOf(input: InputConfig, channels: number | undefined): Preprocessing {
  if (input.kind === 'features') {
    const [low, high] = input.range;
    return { scale: Float32Array.of((high - low) / 255), offset: Float32Array.of(low), channelAxis: 1 };
  }
  const channelAxis = input.layout === 'NCHW' ? 1 : 3;
  const list = (value: number | readonly number[] | undefined, otherwise: number): readonly number[] =>
    value === undefined ? [otherwise] : [value].flat();
  const linear =
    input.scale !== undefined || input.offset !== undefined
      ? combine(list(input.scale, 1), list(input.offset, 0), (scale, offset) => ({ scale, offset }))
      : combine(list(input.mean, 0), list(input.std, 1), (mean, std) => ({
          scale: 1 / (255 * std),
          offset: -mean / std,
        }));
  const scale = Float32Array.from(linear, (channel) => channel.scale);
  if (scale.length > 1 && channels !== undefined && scale.length !== channels) {
    throw new EngineError(
      'INVALID_MODEL',
      `expected ${channels} numbers for the channels of the input, got ${scale.length}`,
    );
  }
  if (scale.some((value) => !Number.isFinite(value) || value === 0)) {
    throw new EngineError('INVALID_MODEL', `expected a scale of the input that is finite and not 0, got ${[...scale]}`);
  }
  return { scale, offset: Float32Array.from(linear, (channel) => channel.offset), channelAxis };
}

function combine<T>(a: readonly number[], b: readonly number[], f: (a: number, b: number) => T): T[] {
  if (a.length !== b.length && a.length !== 1 && b.length !== 1) {
    throw new EngineError(
      'INVALID_MODEL',
      `expected as many numbers for each channel, got ${a.length} and ${b.length}`,
    );
  }
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) =>
    f((a[i] ?? a[0]) as number, (b[i] ?? b[0]) as number),
  );
}

/** The model's input for pixels in levels, of the same shape. */
export function normalise({ data, shape }: Tensor, { scale, offset, channelAxis }: Preprocessing): Tensor {
  const stride = shape.slice(channelAxis + 1).reduce((product, n) => product * n, 1);
  const result = new Float32Array(data.length);
  const channels = scale.length;
  for (let start = 0; start < data.length; start += stride) {
    const channel = channels === 1 ? 0 : (start / stride) % channels;
    const [s, o] = [scale[channel] as number, offset[channel] as number];
    for (let i = start; i < start + stride; i++) result[i] = (data[i] as number) * s + o;
  }
  return { data: result, shape };
}

/** Shape of the per-channel numbers that broadcasts over a tensor of `shape`. */
export const channelShape = (preprocessing: Preprocessing, shape: Shape): Shape =>
  shape.map((_, axis) => (axis === preprocessing.channelAxis ? preprocessing.scale.length : 1));

/** Whether the model takes levels as they are. */
export const isIdentity = ({ scale, offset }: Preprocessing): boolean =>
  scale.every((value) => value === 1) && offset.every((value) => value === 0);
