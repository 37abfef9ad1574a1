import { decodeJpeg } from './decode-jpeg.js';
import { decodePng } from './decode-png.js';
import { type DecodedImage, type ImageLimits, invalidImage } from './decoded-image.js';
import { PNG_SIGNATURE } from './png-file.js';

/** Formats by the bytes that a file has at an offset. */
const SIGNATURES = [
  { name: 'PNG', offset: 0, bytes: Buffer.from(PNG_SIGNATURE) },
  { name: 'JPEG', offset: 0, bytes: Buffer.from([0xff, 0xd8, 0xff]) },
  { name: 'GIF', offset: 0, bytes: Buffer.from('GIF8') },
  { name: 'WebP', offset: 8, bytes: Buffer.from('WEBP') },
  { name: 'BMP', offset: 0, bytes: Buffer.from('BM') },
  { name: 'TIFF', offset: 0, bytes: Buffer.from([0x49, 0x49, 0x2a, 0x00]) },
  { name: 'TIFF', offset: 0, bytes: Buffer.from([0x4d, 0x4d, 0x00, 0x2a]) },
  { name: 'AVIF or HEIC', offset: 4, bytes: Buffer.from('ftyp') },
  { name: 'JPEG 2000', offset: 4, bytes: Buffer.from('jP  ') },
  { name: 'JPEG XL', offset: 4, bytes: Buffer.from('JXL ') },
] as const;

/**
 * Decodes an image file, PNG or JPEG by its first bytes. Nothing is scaled, turned or converted.
 *
 * @throws EngineError `INVALID_IMAGE`. Thrown when the file is of another format, damaged, cut off or above a limit.
 */
export async function decodeImage(file: Uint8Array, limits: ImageLimits): Promise<DecodedImage> {
  if (file.length > limits.maxBytes) throw invalidImage(`a file of at most ${limits.maxBytes} bytes`, `${file.length}`);
  const format = formatOf(file);
  if (format === 'PNG') return decodePng(file, limits.maxPixels);
  if (format === 'JPEG') return decodeJpeg(file, limits.maxPixels);
  throw invalidImage('a PNG or JPEG file', format);
}

function formatOf(file: Uint8Array): string {
  const found = SIGNATURES.find(
    ({ offset, bytes }) => bytes.compare(file.subarray(offset, offset + bytes.length)) === 0,
  );
  if (found !== undefined) return found.name;
  if (file.length === 0) return 'no bytes';
  return `bytes ${Buffer.from(file.subarray(0, 4)).toString('hex')} …`;
}
