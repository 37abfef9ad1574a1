import type { DecodedImage } from './decoded-image.js';

/** A label file: samples as they are stored, channel after channel. */
export interface LabelSamples {
  readonly samples: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** The samples of a label file. Of a file with a palette the indices are the samples. */
export function labelSamples({ width, height, channels, data, indices }: DecodedImage): LabelSamples {
  if (indices !== undefined) return { samples: new Float32Array(indices), width, height, channels: 1 };
  return { samples: planar(new Float32Array(data), channels), width, height, channels };
}

/** scale · sample + offset, with one number per channel or one for all. */
export function scaleSamples(
  { samples, channels }: Pick<LabelSamples, 'samples' | 'channels'>,
  scale: readonly number[],
  offset: readonly number[],
): Float32Array {
  const perChannel = samples.length / channels;
  return samples.map((sample, i) => {
    const channel = Math.floor(i / perChannel);
    return sample * ((scale[channel] ?? scale[0]) as number) + ((offset[channel] ?? offset[0]) as number);
  });
}

/** From the channels of a pixel together to channel after channel. */
function planar(data: Float32Array, channels: number): Float32Array {
  if (channels === 1) return data;
  const positions = data.length / channels;
  return data.map((_, i) => data[(i % positions) * channels + Math.floor(i / positions)] as number);
}
