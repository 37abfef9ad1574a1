import { EngineError } from '../errors.js';

/** An image as its file has it, interleaved: sample (row, column, channel) is at (row · width + column) · channels + channel. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: 1 | 2 | 3 | 4;
  /**
   * Bits per sample: samples are 0 … 2^bitDepth − 1, one per element, in a Uint16Array where it is 16. A label map takes them
   * as they are; an image takes `levelsOf`.
   */
  readonly bitDepth: 1 | 2 | 4 | 8 | 16;
  readonly data: Uint8Array | Uint16Array;
  /** Of a file with a palette: the index of each pixel, which label files mean by it. */
  readonly indices?: Uint8Array;
}

/** What an encoded image may cost. Both limits are checked before anything is decompressed. */
export interface ImageLimits {
  /** Most pixels: width · height. */
  readonly maxPixels: number;
  /** Largest file, in bytes. */
  readonly maxBytes: number;
}

/** The samples as pixel levels 0–255, interleaved: those of 16 bits become fractions of a level. */
export function levelsOf({ data, bitDepth }: Pick<DecodedImage, 'data' | 'bitDepth'>): Float32Array {
  const full = 2 ** bitDepth - 1;
  return full === 255 ? Float32Array.from(data) : Float32Array.from(data, (sample) => (sample * 255) / full);
}

/** The error of an image that is not what it should be. */
export const invalidImage = (expected: string, got: string, cause?: unknown): EngineError =>
  new EngineError('INVALID_IMAGE', `expected ${expected}, got ${got}`, {}, { cause });

/** @throws EngineError `INVALID_IMAGE`. Thrown when the sizes are not positive, or their product is above the limit. */
export function checkPixelLimit(width: number, height: number, maxPixels: number): void {
  if (width >= 1 && height >= 1 && width * height <= maxPixels) return;
  throw invalidImage(`an image of 1 … ${maxPixels} pixels`, `${width} × ${height}`);
}
