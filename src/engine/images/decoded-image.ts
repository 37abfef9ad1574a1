/** An image as its file has it: samples row by row, the channels of a pixel together. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** Grey, grey with alpha, RGB, RGB with alpha. */
  readonly channels: 1 | 2 | 3 | 4;
  /** Bits per sample: samples are 0 … 2^bitDepth − 1, one per element. */
  readonly bitDepth: 1 | 2 | 4 | 8 | 16;
  readonly data: Uint8Array | Uint16Array;
  /** Of a file with a palette: the index of each pixel, which label files mean by it. */
  readonly indices: Uint8Array | undefined;
}

/** What a file may be at most. */
export interface ImageLimits {
  /** Width times height. */
  readonly maxPixels: number;
  /** Size of the file. */
  readonly maxBytes: number;
}
