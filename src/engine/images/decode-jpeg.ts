import { checkPixelLimit, type DecodedImage, invalidImage } from './decoded-image.js';

/**
 * The samples of a JPEG file by `sharp` (libjpeg), grey or RGB. The EXIF orientation is ignored, as PIL and torchvision
 * do: labels are drawn on the pixels as they are stored. So is an embedded colour profile.
 *
 * @throws EngineError `INVALID_IMAGE`. Thrown when `sharp` is not installed, or when the file is damaged, cut off, neither
 *   grey nor YCbCr/RGB, or above a limit, which is checked against its header.
 */
export async function decodeJpeg(file: Uint8Array, maxPixels: number): Promise<DecodedImage> {
  const sharp = await loadSharp();
  const open = () => sharp(file, { failOn: 'truncated', ignoreIcc: true, limitInputPixels: false });
  const { width, height, space } = await attempt(() => open().metadata());
  checkPixelLimit(width, height, maxPixels);
  if (space !== 'srgb' && space !== 'b-w') throw invalidImage('a JPEG in grey or RGB', space);
  const channels = space === 'b-w' ? 1 : 3;
  const data = await attempt(() => open().toColourspace(space).raw().toBuffer());
  if (data.length !== width * height * channels) {
    throw invalidImage(`${width * height * channels} samples of a JPEG`, `${data.length}`);
  }
  return { width, height, channels, bitDepth: 8, data };
}

/** Imported when the first JPEG comes: `sharp` is an optional dependency. */
async function loadSharp() {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    const repair = 'install it with `npm install --include=optional sharp`, or send PNG files';
    throw invalidImage('the optional package `sharp`, which decodes JPEG', `none that loads: ${repair}`, cause);
  }
}

async function attempt<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw invalidImage('an undamaged JPEG', (cause as Error).message.split('\n')[0] ?? '', cause);
  }
}
