import { deflateSync } from 'node:zlib';
import test from 'ava';
import { EngineError } from '../../../src/engine/errors.js';
import { decodePng } from '../../../src/engine/images/decode-png.js';
import { noise, type PngParts, pngBytes, pngChunk, pngFile, pngHeader, pngRows } from '../../support/png-bytes.js';

const limit = 10_000;
const kinds = [
  { name: 'grey', colorType: 0, channels: 1, bitDepths: [1, 2, 4, 8, 16] },
  { name: 'RGB', colorType: 2, channels: 3, bitDepths: [8, 16] },
  { name: 'grey with alpha', colorType: 4, channels: 2, bitDepths: [8, 16] },
  { name: 'RGB with alpha', colorType: 6, channels: 4, bitDepths: [8, 16] },
] as const;
const sizes = [
  [1, 1],
  [5, 3],
  [9, 10],
] as const;

const partsOf = (
  kind: (typeof kinds)[number],
  bitDepth: number,
  [width, height]: readonly [number, number],
): PngParts => ({
  width,
  height,
  bitDepth,
  colorType: kind.colorType,
  channels: kind.channels,
  samples: noise(width * height * kind.channels, bitDepth),
});

const exact = test.macro((t, parts: PngParts) => {
  const image = decodePng(pngBytes(parts), limit);
  t.is(image.bitDepth, parts.bitDepth as typeof image.bitDepth);
  t.is(image.channels, parts.channels as 1 | 2 | 3 | 4);
  t.deepEqual([image.width, image.height], [parts.width, parts.height]);
  t.deepEqual([...image.data], parts.samples);
});

for (const kind of kinds) {
  for (const bitDepth of kind.bitDepths) {
    for (const size of sizes) {
      for (const interlace of bitDepth < 8 ? [0] : [0, 1]) {
        const title = `${kind.name} of ${bitDepth} bits, ${size.join(' × ')}${interlace === 1 ? ', interlaced' : ''}, is exact`;
        test(title, exact, { ...partsOf(kind, bitDepth, size), interlace, filterOf: (row) => row % 5 });
      }
    }
  }
}

for (const filter of [0, 1, 2, 3, 4]) {
  test(`filter ${filter} is undone, with bytes and with 16-bit RGB`, (t) => {
    for (const [kind, bitDepth] of [
      [kinds[0], 8],
      [kinds[1], 16],
    ] as const) {
      const parts = { ...partsOf(kind, bitDepth, [9, 10]), filterOf: () => filter };
      t.deepEqual([...decodePng(pngBytes(parts), limit).data], parts.samples);
    }
  });
}

test('where neighbours predict equally well, Paeth prefers the left one, then the one above', (t) => {
  const parts = { ...partsOf(kinds[0], 8, [90, 10]), samples: noise(900, 3), filterOf: () => 4 };
  t.deepEqual([...decodePng(pngBytes(parts), limit).data], parts.samples);
});

for (const bitDepth of [1, 2, 4, 8]) {
  for (const interlace of bitDepth < 8 ? [0] : [0, 1]) {
    test(`indices of ${bitDepth} bits become colours, and are kept${interlace === 1 ? ', interlaced' : ''}`, (t) => {
      const palette = noise(3 * 2 ** bitDepth, 8);
      const samples = noise(5 * 3, bitDepth);
      const file = pngBytes({ width: 5, height: 3, bitDepth, colorType: 3, channels: 1, samples, palette, interlace });
      const image = decodePng(file, limit);
      t.deepEqual(
        [...image.data],
        samples.flatMap((index) => palette.slice(3 * index, 3 * index + 3)),
      );
      t.deepEqual([image.channels, image.bitDepth], [3, 8]);
      t.deepEqual(image.indices, Uint8Array.from(samples));
    });
  }
}

test('a palette with transparent colours becomes RGB with alpha', (t) => {
  const parts = { width: 3, height: 1, bitDepth: 8, colorType: 3, channels: 1, samples: [0, 1, 2] };
  const palette = [10, 11, 12, 20, 21, 22, 30, 31, 32];
  const file = pngBytes({ ...parts, palette, extra: [pngChunk('tRNS', Buffer.from([0, 128]))] });
  const image = decodePng(file, limit);
  t.is(image.channels, 4);
  t.deepEqual([...image.data], [10, 11, 12, 0, 20, 21, 22, 128, 30, 31, 32, 255]);
});

const grey: PngParts = { width: 4, height: 3, bitDepth: 8, colorType: 0, channels: 1, samples: noise(12, 8) };

test('ancillary chunks are skipped, compressed ones without inflating them', (t) => {
  const profile = Buffer.concat([Buffer.from('p\0\0'), deflateSync(Buffer.alloc(50_000_000))]);
  const extra = [
    pngChunk('iCCP', profile),
    pngChunk('gAMA', Buffer.from([0, 0, 0, 1])),
    pngChunk('tRNS', Buffer.from([0, 1])),
  ];
  t.deepEqual([...decodePng(pngBytes({ ...grey, extra }), limit).data], grey.samples);
});

const refused = test.macro((t, file: Buffer, message: RegExp) => {
  const error = t.throws(() => decodePng(file, limit), { instanceOf: EngineError });
  t.is(error?.code, 'INVALID_IMAGE');
  t.regex(error?.message ?? '', message);
});

const idat = (rows: Buffer): Buffer => pngChunk('IDAT', deflateSync(rows));
const huge = { width: 100_000, height: 100_000, bitDepth: 8, colorType: 0 };
test(
  'a picture above the pixel limit is refused',
  refused,
  pngFile(pngHeader(huge), idat(Buffer.alloc(9))),
  /10000 pixels, got 100000 × 100000/,
);
test('a width of 0 is refused', refused, pngFile(pngHeader({ ...grey, width: 0 }), idat(Buffer.alloc(9))), /got 0 × 3/);
test('more data than the size says is refused', refused, pngFile(pngHeader(grey), idat(Buffer.alloc(16))), /15 bytes/);
test(
  'less data than the size says is refused',
  refused,
  pngFile(pngHeader(grey), idat(Buffer.alloc(14))),
  /15 bytes of image data, got 14/,
);
test(
  'an unknown filter is refused',
  refused,
  pngFile(pngHeader(grey), idat(Buffer.alloc(15, 5))),
  /Unsupported filter: 5/,
);
test(
  'bytes that are not deflated are refused',
  refused,
  pngFile(pngHeader(grey), pngChunk('IDAT', Buffer.alloc(15))),
  /deflated/,
);
test(
  'an interlaced file with less than a byte per sample is refused',
  refused,
  pngBytes({ ...grey, bitDepth: 4, samples: noise(12, 4), interlace: 1 }),
  /8 or 16 bits per sample in an interlaced PNG, got 4/,
);
test('a file without image data is refused', refused, pngFile(pngHeader(grey)), /image data, got none/);
test('a file that does not begin with IHDR is refused', refused, pngFile(idat(pngRows(grey))), /IHDR/);
test(
  'an unknown critical chunk is refused',
  refused,
  pngFile(pngHeader(grey), pngChunk('FRED', Buffer.alloc(0)), idat(pngRows(grey))),
  /FRED/,
);
test(
  'a bit depth that the colour type forbids is refused',
  refused,
  pngFile(pngHeader({ ...grey, colorType: 2, bitDepth: 4 })),
  /2 with 4/,
);
test(
  'an unknown interlace method is refused',
  refused,
  pngFile(pngHeader({ ...grey, interlace: 2 }), idat(pngRows(grey))),
  /interlace/,
);
test(
  'an image of indices without a palette is refused',
  refused,
  pngBytes({ ...grey, colorType: 3 }),
  /index below 0, got/,
);
test(
  'an index outside the palette is refused',
  refused,
  pngBytes({ ...grey, colorType: 3, palette: [1, 2, 3] }),
  /index below 1, got/,
);

test('a decompression bomb costs no more memory than its header announces', (t) => {
  const bomb = pngFile(pngHeader(grey), idat(Buffer.alloc(200_000_000)));
  const before = process.memoryUsage().arrayBuffers;
  t.throws(() => decodePng(bomb, limit), { message: /15 bytes of deflated image data/ });
  t.true(process.memoryUsage().arrayBuffers - before < 5_000_000);
});

test('a file cut off at any byte is refused', (t) => {
  const file = pngBytes({ ...grey, colorType: 3, palette: noise(768, 8) });
  for (let length = 0; length < file.length; length++) {
    const error = t.throws(() => decodePng(file.subarray(0, length), limit), { instanceOf: EngineError });
    t.is(error?.code, 'INVALID_IMAGE');
  }
});

test('a file with any one byte wrong is refused', (t) => {
  const file = pngBytes(grey);
  for (let i = 8; i < file.length; i++) {
    const wrong = Buffer.from(file);
    wrong.writeUInt8((wrong.readUInt8(i) + 1) % 256, i);
    t.throws(() => decodePng(wrong, limit), { instanceOf: EngineError }, `byte ${i}`);
  }
});
