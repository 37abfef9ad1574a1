// What worker threads do: unpack and pack image files, so that the event loop of the gateway never waits for them.
import {
  type DecodedImage,
  decodeImage,
  EngineError,
  encodePng,
  type ImageForm,
  type ImageLimits,
  type InputPixels,
  inputPixels,
  type LabelSamples,
  labelSamples,
} from '../../engine/index.js';

/** What comes back from a worker: a value, or what is wrong with the file. */
export type Outcome<T> = { readonly value: T } | { readonly problem: string };

/** Unpacks an image as it is. */
export async function decode(task: {
  readonly file: Uint8Array;
  readonly limits: ImageLimits;
}): Promise<Outcome<DecodedImage>> {
  return await outcomeOf(() => decodeImage(task.file, task.limits));
}

/** Unpacks an image for a model. */
export async function decodeInput(task: {
  readonly file: Uint8Array;
  readonly limits: ImageLimits;
  readonly form: ImageForm;
}): Promise<Outcome<InputPixels>> {
  return await outcomeOf(async () => inputPixels(await decodeImage(task.file, task.limits), task.form));
}

/** Unpacks a label file: a PNG of 8 or 16 bits, or fewer. Of a file with a palette the indices are the samples. */
export async function decodeLabel(task: {
  readonly file: Uint8Array;
  readonly limits: ImageLimits;
}): Promise<Outcome<LabelSamples>> {
  return await outcomeOf(async () => labelSamples(await decodeImage(task.file, task.limits)));
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
