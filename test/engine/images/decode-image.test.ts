import test from 'ava';
import sharp from 'sharp';
import { EngineError } from '../../../src/engine/errors.js';
import { decodeImage } from '../../../src/engine/images/decode-image.js';
import { levelsOf } from '../../../src/engine/images/decoded-image.js';
import { encodePng } from '../../../src/engine/images/encode-png.js';
import { noise, pngBytes } from '../../support/png-bytes.js';

const limits = { maxPixels: 10_000, maxBytes: 100_000 };
const width = 24;
const height = 16;
const smooth = (channels: number): Uint8Array =>
  Uint8Array.from({ length: width * height * channels }, (_, i) => 40 + (i / channels) * 0.4 + (i % channels) * 20);
const jpeg = (channels: 1 | 3, quality = 95) =>
  sharp(smooth(channels), { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .jpeg({ quality, chromaSubsampling: '4:4:4' });

for (const channels of [1, 3] as const) {
  test(`a JPEG of ${channels} channel(s) comes back within its loss`, async (t) => {
    const image = await decodeImage(await jpeg(channels).toBuffer(), limits);
    t.deepEqual([image.width, image.height, image.channels, image.bitDepth], [width, height, channels, 8]);
    const largest = Math.max(...smooth(channels).map((value, i) => Math.abs(value - (image.data[i] ?? 0))));
    t.true(largest <= 8, `${largest}`);
  });
}

test('the orientation in a JPEG is ignored: labels are drawn on the pixels as they are stored', async (t) => {
  const upright = await decodeImage(await jpeg(3).toBuffer(), limits);
  const turned = await decodeImage(await jpeg(3).withMetadata({ orientation: 6 }).toBuffer(), limits);
  t.deepEqual([turned.width, turned.height], [width, height]);
  t.deepEqual(turned.data, upright.data);
});

test('a JPEG cut off at any byte is refused', async (t) => {
  const file = await jpeg(1, 20).toBuffer();
  for (let length = 0; length < file.length; length++) {
    const error = await t.throwsAsync(decodeImage(file.subarray(0, length), limits), { instanceOf: EngineError });
    t.is(error?.code, 'INVALID_IMAGE');
  }
});

const refused = test.macro(async (t, file: () => Promise<Uint8Array> | Uint8Array, message: RegExp) => {
  const error = await t.throwsAsync(decodeImage(await file(), limits), { instanceOf: EngineError });
  t.is(error?.code, 'INVALID_IMAGE');
  t.regex(error?.message ?? '', message);
});

const large = { width: 200, height: 100 } as const;
const flat = () => sharp({ create: { ...large, channels: 3, background: 'red' } });
test(
  'a JPEG above the pixel limit is refused',
  refused,
  () => flat().jpeg().toBuffer(),
  /1 … 10000 pixels, got 200 × 100/,
);
test('a JPEG in CMYK is refused', refused, () => jpeg(3).toColourspace('cmyk').toBuffer(), /grey or RGB, got cmyk/);
test(
  'a file above the byte limit is refused',
  refused,
  () => new Uint8Array(100_001),
  /at most 100000 bytes, got 100001/,
);
test('no bytes are refused', refused, () => new Uint8Array(), /PNG or JPEG file, got no bytes/);
test('other bytes are refused', refused, () => Buffer.from('hello'), /got bytes 68656c6c/);
test('a WebP is refused by name', refused, () => jpeg(3).webp().toBuffer(), /got WebP/);
test('a GIF is refused by name', refused, () => jpeg(3).gif().toBuffer(), /got GIF/);
test('a TIFF is refused by name', refused, () => jpeg(3).tiff().toBuffer(), /got TIFF/);
test('an AVIF is refused by name', refused, () => jpeg(3).avif({ effort: 0 }).toBuffer(), /got AVIF/);
test('a BMP is refused by name', refused, () => Buffer.from('BM......'), /got BMP/);

test('levels are 0 … 255 whatever the depth of the file', async (t) => {
  const levels = async (bitDepth: number, samples: number[]) => {
    const file = pngBytes({ width: 2, height: 1, bitDepth, colorType: 0, channels: 1, samples });
    return [...levelsOf(await decodeImage(file, limits))];
  };
  t.deepEqual(await levels(1, [0, 1]), [0, 255]);
  t.deepEqual(await levels(4, [3, 15]), [51, 255]);
  t.deepEqual(await levels(8, [3, 255]), [3, 255]);
  t.deepEqual(await levels(16, [257 * 3, 65535]), [3, 255]);
});

for (const channels of [1, 2, 3, 4] as const) {
  for (const bitDepth of [8, 16] as const) {
    test(`what is encoded with ${channels} channel(s) of ${bitDepth} bits is decoded to the bit`, async (t) => {
      const samples = noise(7 * 5 * channels, bitDepth);
      const data = bitDepth === 16 ? Uint16Array.from(samples) : Uint8Array.from(samples);
      const file = encodePng({ width: 7, height: 5, channels, data });
      t.deepEqual((await decodeImage(file, limits)).data, data);
    });
  }
}

test('a flat map becomes much smaller than its samples', (t) => {
  const data = new Uint8Array(width * height * 3).fill(7);
  t.true(encodePng({ width, height, channels: 3, data }).length < 0.1 * data.length);
});

test('an image whose samples do not match its size is refused', (t) => {
  const image = { width: 2, height: 2, channels: 1, data: new Uint8Array(3) } as const;
  t.throws(() => encodePng(image), { instanceOf: EngineError, message: /4 samples, got 3/ });
});
