import { fileURLToPath } from 'node:url';
import { Tinypool } from 'tinypool';
import {
  type DecodedImage,
  EngineError,
  type ImageLimits,
  type InputInfo,
  type InputPixels,
  type LabelSamples,
} from '../../engine/index.js';
import type { Outcome } from './image-work.js';

/** Unpacks and packs images on threads of its own. */
export interface ImagePool {
  /** @throws EngineError `INVALID_IMAGE`. Thrown when it is no image, or larger than may be. */
  decode(file: Uint8Array): Promise<DecodedImage>;
  decodeInput(file: Uint8Array, input: InputInfo): Promise<Outcome<InputPixels>>;
  decodeLabel(file: Uint8Array): Promise<Outcome<LabelSamples>>;
  encodeOutput(levels: Uint8Array, shape: readonly number[], input: InputInfo): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** @param threads at most so many, started when they are needed */
export function startImagePool(limits: ImageLimits, threads: number): ImagePool {
  const pool = new Tinypool({
    filename: fileURLToPath(new URL('./image-work.js', import.meta.url)),
    runtime: 'worker_threads',
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: 10_000,
  });
  const formOf = ({ layout, colorOrder }: InputInfo) => ({ layout, colorOrder });
  // A view would take the whole message along that it is a view of: each image of a request would copy all of the request.
  const run = async (name: string, bytes: Uint8Array, task: (own: Uint8Array) => object): Promise<unknown> => {
    const own = new Uint8Array(bytes);
    return await pool.run(task(own), { name, transferList: [own.buffer] });
  };
  return {
    async decode(bytes) {
      const outcome = (await run('decode', bytes, (file) => ({ file, limits }))) as Outcome<DecodedImage>;
      if ('value' in outcome) return outcome.value;
      throw new EngineError('INVALID_IMAGE', outcome.problem);
    },
    decodeInput: (bytes, input) =>
      run('decodeInput', bytes, (file) => ({ file, limits, form: formOf(input) })) as Promise<Outcome<InputPixels>>,
    decodeLabel: (bytes) => run('decodeLabel', bytes, (file) => ({ file, limits })) as Promise<Outcome<LabelSamples>>,
    encodeOutput: (bytes, shape, input) =>
      run('encodeOutput', bytes, (levels) => ({ levels, shape, form: formOf(input) })) as Promise<Uint8Array>,
    close: () => pool.destroy(),
  };
}
