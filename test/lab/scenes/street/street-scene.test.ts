import { join } from 'node:path';
import test from 'ava';
import { readScenes } from '../../../../src/cli/demo/scenes.js';
import { directionAt } from '../../../../src/lab/scenes/camera.js';
import { drawsOf } from '../../../../src/lab/scenes/draws.js';
import { STREET_CLASSES } from '../../../../src/lab/scenes/street/street-classes.js';
import { disparitySample, streetScene } from '../../../../src/lab/scenes/street/street-scene.js';
import { streetWorld } from '../../../../src/lab/scenes/street/street-world.js';
import { root } from '../../../support/street.js';

const options = { height: 64, width: 128, world: 'plain' } as const;
const PLAIN = [0, 1, 2, 5, 8, 9, 10, 11, 13];
const plain = Array.from({ length: 96 }, (_, i) => streetScene(3, `${i}`, options));

test('disparity is baseline · focal length / depth, coded as Cityscapes codes it', (t) => {
  // 256 · 0.22 · 0.62 · 2048 / depth + 1
  t.deepEqual([10, 71.512_88, 400].map(disparitySample), [7152, 1001, 180]);
  t.deepEqual([0.05, Number.POSITIVE_INFINITY, Number.NaN].map(disparitySample), [0, 0, 0]);
  t.is(disparitySample(0.11), 65_535);
});

test('the disparity of the road is that of the height of the camera above it', (t) => {
  for (const [i, { classes, disparity, width }] of plain.slice(0, 8).entries()) {
    const { camera } = streetWorld(drawsOf(3, `${i}`), options);
    let checked = 0;
    for (const [pixel, id] of classes.entries()) {
      if (id !== STREET_CLASSES.road) continue;
      const [, down, ahead] = directionAt(camera, pixel % width, Math.floor(pixel / width));
      t.is(disparity[pixel], disparitySample((-camera.origin[1] / down) * ahead));
      checked++;
    }
    t.true(checked > 500);
  }
});

test('the same seed and key give the same bytes, another seed or key others', (t) => {
  t.deepEqual(streetScene(3, '0', options), plain[0]);
  t.notDeepEqual(streetScene(4, '0', options).pixels, plain[0]?.pixels);
  t.notDeepEqual(plain[1]?.pixels, plain[0]?.pixels);
});

test('only the sky has no disparity in a plain street, which has nine classes', (t) => {
  const found = new Set<number>();
  for (const { classes, disparity } of plain) {
    for (const [i, id] of classes.entries()) {
      found.add(id);
      t.is(disparity[i] === 0, id === STREET_CLASSES.sky);
    }
  }
  t.deepEqual(
    [...found].toSorted((a, b) => a - b),
    PLAIN,
  );
});

test('a busy street has seventeen classes, and ignores the car of the camera', (t) => {
  const found = new Set<number>();
  for (let i = 0; i < 40; i++) {
    const { classes, disparity, height, width } = streetScene(3, `${i}`, { ...options, world: 'busy' });
    for (const id of classes) found.add(id);
    const lowest = (height - 1) * width + width / 2;
    t.is(classes[lowest], 255);
    t.is(disparity[lowest], 0);
  }
  t.deepEqual(
    [...found].toSorted((a, b) => a - b),
    [...PLAIN, 3, 4, 6, 7, 12, 14, 15, 18, 255].toSorted((a, b) => a - b),
  );
});

test('what a scene has does not depend on its size', (t) => {
  const share = ({ classes }: { classes: Uint8Array }): number =>
    classes.filter((id) => id === STREET_CLASSES.road).length / classes.length;
  for (let i = 0; i < 4; i++) {
    const large = streetScene(3, `${i}`, { ...options, height: 128, width: 256 });
    t.true(Math.abs(share(large) - share(plain[i] as typeof large)) < 0.02);
    const [a, b] = [large, plain[i] as typeof large].map(
      ({ disparity }) => disparity.reduce((x, y) => x + y, 0) / disparity.length,
    );
    t.true(Math.abs((a as number) / (b as number) - 1) < 0.05, `${a} ${b}`);
  }
});

/** Mean and variance over scenes. */
function moments(values: readonly number[]): readonly [mean: number, variance: number] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length];
}

interface Arrays {
  readonly pixels: ArrayLike<number>;
  readonly classes: ArrayLike<number>;
  readonly disparity: ArrayLike<number>;
}

/** How much neighbours in the sky differ, which is even along a row but for noise. */
function noise({ pixels, classes }: Arrays): number {
  const differences = Array.from(classes)
    .slice(0, -1)
    .flatMap((id, i) => {
      const isSky = id === STREET_CLASSES.sky && classes[i + 1] === STREET_CLASSES.sky;
      return isSky ? Math.abs((pixels[3 * i] as number) - (pixels[3 * i + 3] as number)) : [];
    });
  return moments(differences)[0];
}

/** Shares and mean colours of classes, noise, and disparities. */
function statistics({ pixels, classes, disparity }: Arrays): ReadonlyMap<string, number> {
  const found = new Map([['noise', noise({ pixels, classes, disparity })]]);
  for (const id of PLAIN) {
    const where = Array.from(classes, (one, i) => (one === id ? i : -1)).filter((i) => i >= 0);
    found.set(`share of ${id}`, where.length / classes.length);
    for (const c of [0, 1, 2]) {
      const sum = where.reduce((total, i) => total + (pixels[3 * i + c] as number), 0);
      if (where.length > 0) found.set(`colour ${c} of ${id}`, sum / where.length);
    }
  }
  const sorted = Array.from(disparity).toSorted((a, b) => a - b);
  for (const share of [0.25, 0.5, 0.75, 0.95])
    found.set(`disparity at ${share}`, sorted[Math.floor(share * sorted.length)] as number);
  return found;
}

test("plain streets are drawn like the demo's scenes, within the error of sampling", async (t) => {
  const demo = (await readScenes(join(root, 'demo/scenes'), 16)).map(({ image, segmentation, disparity }) =>
    statistics({ pixels: image.data, classes: segmentation.data, disparity: disparity.data }),
  );
  const ours = plain.map(statistics);
  const of = (all: readonly ReadonlyMap<string, number>[], name: string): number[] =>
    all.flatMap((one) => one.get(name) ?? []);
  const names = [...new Set(ours.flatMap((one) => [...one.keys()]))];
  const errors = names.map((name) => {
    const [theirs, known] = [of(demo, name), of(ours, name)];
    const [[a], [b, variance]] = [moments(theirs), moments(known)];
    const error = (a - b) / Math.sqrt(variance / theirs.length + variance / known.length);
    t.true(Math.abs(error) < 4, `${name}: ${a} and ${b}, ${error} σ`);
    return error;
  });
  t.is(names.length, 1 + 9 + 27 + 4);
  t.true(moments(errors.map((error) => error ** 2))[0] < 2);
});
