import test from 'ava';
import { encodePng } from '../../../src/engine/index.js';
import { decodeInput, decodeLabel, encodeOutput } from '../../../src/server/images/image-work.js';
import { noise, pngBytes } from '../../support/png-bytes.js';

const limits = { maxPixels: 100, maxBytes: 10_000 };
const RGB = { layout: 'NCHW', colorOrder: 'RGB' } as const;
const rgb = encodePng({ width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
const grey = encodePng({ width: 2, height: 1, channels: 1, data: Uint8Array.of(7, 8) });
const rgba = (alpha: number) =>
  encodePng({ width: 2, height: 1, channels: 4, data: Uint8Array.of(1, 2, 3, 255, 4, 5, 6, alpha) });

for (const [what, file, form, pixels, shape] of [
  ['RGB for NCHW RGB', rgb, RGB, [1, 4, 2, 5, 3, 6], [3, 1, 2]],
  ['RGB for NCHW BGR', rgb, { layout: 'NCHW', colorOrder: 'BGR' }, [3, 6, 2, 5, 1, 4], [3, 1, 2]],
  ['RGB for NHWC RGB', rgb, { layout: 'NHWC', colorOrder: 'RGB' }, [1, 2, 3, 4, 5, 6], [1, 2, 3]],
  ['RGB for NHWC BGR', rgb, { layout: 'NHWC', colorOrder: 'BGR' }, [3, 2, 1, 6, 5, 4], [1, 2, 3]],
  ['grey for RGB', grey, RGB, [7, 8, 7, 8, 7, 8], [3, 1, 2]],
  ['grey for grey', grey, { layout: 'NCHW', colorOrder: 'GREY' }, [7, 8], [1, 1, 2]],
  ['opaque RGBA for RGB', rgba(255), RGB, [1, 4, 2, 5, 3, 6], [3, 1, 2]],
] as const) {
  test(`an image is unpacked as its model takes it: ${what}`, async (t) => {
    const outcome = await decodeInput({ file, limits, form });
    t.deepEqual(outcome, { value: { pixels: Float32Array.from(pixels), shape: [...shape] } });
  });
}

const sixteen = pngBytes({ width: 1, height: 1, bitDepth: 16, colorType: 0, channels: 1, samples: [513] });
const big = encodePng({ width: 101, height: 1, channels: 1, data: new Uint8Array(101) });
for (const [what, file, form, problem] of [
  ['transparent', rgba(254), RGB, /opaque/],
  ['of 16 bits', sixteen, RGB, /8 bits, got 16/],
  ['in colour for a grey model', rgb, { layout: 'NCHW', colorOrder: 'GREY' }, /grey image/],
  ['of too many pixels', big, RGB, /1 … 100 pixels/],
  ['of too many bytes', new Uint8Array(10_001), RGB, /10000/],
  ['truncated', rgb.subarray(0, rgb.length - 20), RGB, /expected/],
  ['no image', Buffer.from('hello'), RGB, /expected/],
  ['empty', new Uint8Array(), RGB, /expected/],
] as const) {
  test(`an image that is ${what} is a problem with words`, async (t) => {
    const outcome = await decodeInput({ file, limits, form });
    t.regex('problem' in outcome ? outcome.problem : 'none', problem);
  });
}

test('a label keeps its samples as they are stored, of 16 bits too, channel after channel', async (t) => {
  const samples = noise(6, 16);
  const file = pngBytes({ width: 3, height: 2, bitDepth: 16, colorType: 0, channels: 1, samples });
  t.deepEqual(await decodeLabel({ file, limits }), {
    value: { samples: Float32Array.from(samples), width: 3, height: 2, channels: 1 },
  });
  t.deepEqual(await decodeLabel({ file: rgb, limits }), {
    value: { samples: Float32Array.of(1, 4, 2, 5, 3, 6), width: 2, height: 1, channels: 3 },
  });
});

test('of a label with a palette the indices are the samples', async (t) => {
  const palette = [10, 20, 30, 40, 50, 60];
  const file = pngBytes({ width: 3, height: 1, bitDepth: 8, colorType: 3, channels: 1, samples: [1, 0, 1], palette });
  t.deepEqual(await decodeLabel({ file, limits }), {
    value: { samples: Float32Array.of(1, 0, 1), width: 3, height: 1, channels: 1 },
  });
});

for (const layout of ['NCHW', 'NHWC'] as const) {
  for (const colorOrder of ['RGB', 'BGR', 'GREY'] as const) {
    test(`what is packed of a ${layout} ${colorOrder} model is unpacked as it was`, async (t) => {
      const channels = colorOrder === 'GREY' ? 1 : 3;
      const shape = layout === 'NCHW' ? [channels, 4, 5] : [4, 5, channels];
      const levels = Uint8Array.from(noise(20 * channels, 8));
      const form = { layout, colorOrder };
      const outcome = await decodeInput({ file: encodeOutput({ levels, shape, form }), limits, form });
      t.deepEqual(outcome, { value: { pixels: Float32Array.from(levels), shape } });
    });
  }
}
