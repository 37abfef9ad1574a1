import test from 'ava';
import { blobs, type GreyPicture, greyOf, textureEdges } from '../../../../src/lab/scenes/indoor/picture-labels.js';

const size = 33;
const at = (x: number, y: number): number => y * size + x;
const picture = (brightness: (x: number, y: number) => number): GreyPicture => ({
  height: size,
  width: size,
  data: Float64Array.from({ length: size * size }, (_, i) => brightness(i % size, Math.floor(i / size))),
});

test('grey is the luminance of BT.709', (t) => {
  const { data } = greyOf(Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255), 2, 2);
  t.deepEqual(
    [...data].map((value) => Math.round(value * 10_000)),
    [2126, 7152, 722, 10_000],
  );
});

test('an even picture has neither edges nor keypoints', (t) => {
  const even = picture(() => 0.4);
  t.true(textureEdges(even).every((sample) => sample <= 1));
  t.true(blobs(even).every((sample) => sample === 0));
});

test('edges are how much brighter the picture gets from pixel to pixel, whichever way', (t) => {
  const ramps = [picture((x) => 0.02 * x), picture((_, y) => 0.02 * y), picture((x) => 0.9 - 0.02 * x)];
  for (const ramp of ramps) {
    const sample = textureEdges(ramp)[at(16, 16)] as number;
    t.true(Math.abs(sample - 0.02 * 65_535) <= 1, `${sample}`);
  }
  // A step of 0.5, blurred by σ = 1: the mean of the two steepest differences, 0.5 · (g(0) + g(1)) / 2.
  const step = textureEdges(picture((x) => (x < 16 ? 0.2 : 0.7)));
  t.true(Math.abs((step[at(16, 16)] as number) / 65_535 - (0.5 * (0.39894 + 0.24197)) / 2) < 1e-4);
});

test('keypoints are blobs, dark or bright, but neither edges nor saddles', (t) => {
  const bump = (sign: number): GreyPicture =>
    picture((x, y) => 0.5 + sign * 0.3 * Math.exp(-((x - 16) ** 2 + (y - 16) ** 2) / 8));
  for (const sign of [1, -1]) {
    const found = blobs(bump(sign));
    t.is(found.indexOf(Math.max(...found)), at(16, 16));
    // The blur makes σ² = 4 to 6.25 and 0.3 to 0.192: (0.192 / 6.25)² · 1.5⁴, a little less for differences of whole pixels.
    t.true(Math.abs((found[at(16, 16)] as number) - 0.004_78 * 65_535) < 30, `${found[at(16, 16)]}`);
  }
  t.true(blobs(picture((x) => (x < 16 ? 0.2 : 0.7))).every((sample) => sample === 0));
  t.is(blobs(picture((x, y) => 0.5 + 0.001 * (x - 16) * (y - 16)))[at(16, 16)], 0);
});
