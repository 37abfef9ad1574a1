import { fileURLToPath } from 'node:url';
import { Tinypool } from 'tinypool';
import type { ImageLimits, InputInfo } from '../../engine/index.js';
import type { InputPixels, LabelSamples, Outcome } from './image-work.js';

/** Unpacks and packs images on threads of its own. */
export interface ImagePool {
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
  return {
    decodeInput: (file, input) => pool.run({ file, limits, form: formOf(input) }, { name: 'decodeInput' }),
    decodeLabel: (file) => pool.run({ file, limits }, { name: 'decodeLabel' }),
    encodeOutput: (levels, shape, input) =>
      pool.run({ levels, shape, form: formOf(input) }, { name: 'encodeOutput' }) as Promise<Uint8Array>,
    close: () => pool.destroy(),
  };
}
