import { encode } from 'fast-png';

/** A PNG file of samples row by row, the channels of a pixel together: 8 bits for bytes, else 16. */
export function encodePng(image: {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array | Uint16Array;
}): Uint8Array {
  return encode({ ...image, depth: image.data instanceof Uint16Array ? 16 : 8 });
}
