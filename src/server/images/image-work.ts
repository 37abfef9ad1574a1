// What worker threads do: unpack and pack image files, so that the event loop of the gateway never waits for them.
import {
  type DecodedImage,
  decodeImage,
  EngineError,
  encodePng,
  type ImageLimits,
  type InputInfo,
} from '../../engine/index.js';

/** What comes back from a worker: a value, or what is wrong with the file. */
export type Outcome<T> = { readonly value: T } | { readonly problem: string };

/** An image as a model takes it: levels 0–255 in its layout and colour order, without the batch axis. */
export interface InputPixels {
  readonly pixels: Float32Array;
  readonly shape: readonly number[];
}

/** A label file: samples as they are stored, channel after channel. */
export interface LabelSamples {
  readonly samples: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

type ImageForm = Pick<InputInfo, 'layout' | 'colorOrder'>;

/** Unpacks an image for a model. */
export async function decodeInput(task: {
  readonly file: Uint8Array;
  readonly limits: ImageLimits;
  readonly form: ImageForm;
}): Promise<Outcome<InputPixels>> {
  return await outcomeOf(async () => pixelsFor(await decodeImage(task.file, task.limits), task.form));
}

/** Unpacks a label file: a PNG of 8 or 16 bits, or fewer. Of a file with a palette the indices are the samples. */
export async function decodeLabel(task: {
  readonly file: Uint8Array;
  readonly limits: ImageLimits;
}): Promise<Outcome<LabelSamples>> {
  return await outcomeOf(async () => {
    const { width, height, channels, data, indices } = await decodeImage(task.file, task.limits);
    if (indices !== undefined) return { samples: Float32Array.from(indices), width, height, channels: 1 };
    return { samples: planar(Float32Array.from(data), channels), width, height, channels };
  });
}

/** Packs an image of a model, whole-numbered levels in its layout and colour order, as a PNG file. */
export function encodeOutput(task: {
  readonly levels: Uint8Array;
  readonly shape: readonly number[];
  readonly form: ImageForm;
}): Uint8Array {
  const { levels, shape, form } = task;
  const isPlanar = form.layout === 'NCHW';
  const [height = 0, width = 0] = isPlanar ? shape.slice(1) : shape;
  const channels = form.colorOrder === 'GREY' ? 1 : 3;
  const positions = width * height;
  const data = new Uint8Array(levels.length);
  for (let i = 0; i < positions; i++) {
    for (let c = 0; c < channels; c++) {
      const channel = form.colorOrder === 'BGR' ? channels - 1 - c : c;
      data[i * channels + c] = levels[isPlanar ? channel * positions + i : i * channels + channel] as number;
    }
  }
  return encodePng({ width, height, channels, data });
}

async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    // An error of our own class would arrive as a plain one.
    if (error instanceof EngineError) return { problem: error.message };
    throw error;
  }
}

function pixelsFor(image: DecodedImage, { layout, colorOrder }: ImageForm): InputPixels {
  const { width, height, channels, bitDepth, data } = image;
  if (bitDepth === 16) throw new EngineError('INVALID_IMAGE', 'expected an image of 8 bits, got 16: levels are 0–255');
  const hasAlpha = channels === 2 || channels === 4;
  const isGrey = channels < 3;
  const most = 2 ** bitDepth - 1;
  if (hasAlpha && data.some((sample, i) => i % channels === channels - 1 && sample !== most)) {
    throw new EngineError('INVALID_IMAGE', 'expected an opaque image, got one with transparent pixels');
  }
  if (colorOrder === 'GREY' && !isGrey)
    throw new EngineError('INVALID_IMAGE', 'expected a grey image, got one in colour');
  const wanted = colorOrder === 'GREY' ? 1 : 3;
  const positions = width * height;
  const pixels = new Float32Array(positions * wanted);
  for (let i = 0; i < positions; i++) {
    for (let c = 0; c < wanted; c++) {
      const source = isGrey ? 0 : colorOrder === 'BGR' ? 2 - c : c;
      const level = ((data[i * channels + source] as number) * 255) / most;
      pixels[layout === 'NCHW' ? c * positions + i : i * wanted + c] = level;
    }
  }
  return { pixels, shape: layout === 'NCHW' ? [wanted, height, width] : [height, width, wanted] };
}

/** From the channels of a pixel together to channel after channel. */
function planar(data: Float32Array, channels: number): Float32Array {
  if (channels === 1) return data;
  const positions = data.length / channels;
  return data.map((_, i) => data[(i % positions) * channels + Math.floor(i / positions)] as number);
}
