import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { pictureOf } from '../../../src/cli/demo/pictures.js';
import { readScenes } from '../../../src/cli/demo/scenes.js';
import { PACKAGE_ROOT } from '../../../src/cli/package-version.js';
import { type Prediction, tensorFrom } from '../../../src/clients/index.js';
import { CITYSCAPES_PALETTE, decodeImage } from '../../../src/engine/index.js';

const scenes = fileURLToPath(new URL('demo/scenes', PACKAGE_ROOT));

test('scenes come in order, with the bytes of their label files', async (t) => {
  const [first, second, ...rest] = await readScenes(scenes, 2);
  t.is(rest.length, 0);
  t.deepEqual([first?.key, second?.key], ['street_000000_000000', 'street_000001_000000']);
  const path = join(scenes, 'disparity/val/street/street_000001_000000_disparity.png');
  t.deepEqual(new Map(Object.entries(second?.example.labels ?? {})).get('depth'), {
    value: { $case: 'png', value: { data: await readFile(path) } },
  });
  t.is(second?.disparity.bitDepth, 16);
  await t.throwsAsync(readScenes(scenes, 17), { message: /at least 17 scenes .* got 16/ });
});

test('a picture shows input, perturbation, and both tasks before and after', async (t) => {
  const [scene] = await readScenes(scenes, 1);
  if (scene === undefined) throw new Error('expected a scene');
  const { width, height } = scene.image;
  const adversarial = { ...scene.image, data: scene.image.data.map((level) => (level > 250 ? level : level + 4)) };
  const predictionOf = (classId: number): Prediction => ({
    exampleKey: scene.key,
    tasks: [
      {
        task: 'segmentation',
        labels: tensorFrom(new Uint8Array(width * height).fill(classId), [height, width]),
        values: undefined,
        raw: undefined,
        metric: undefined,
      },
      {
        task: 'depth',
        labels: undefined,
        values: tensorFrom(new Float32Array(width * height), [1, height, width]),
        raw: undefined,
        metric: undefined,
      },
    ],
  });
  const file = pictureOf({ title: 'title', scene, adversarial, before: predictionOf(0), after: predictionOf(11) });
  const picture = await decodeImage(file, { maxPixels: 1e7, maxBytes: 1e7 });
  const columns = [0, 1, 2].map((c) => 12 + c * (width * 3 + 12) + 5);
  const rows = [0, 1, 2].map((r) => 12 + 14 + 12 + r * (14 + 6 + height * 3 + 12) + 14 + 6 + 5);
  t.is(picture.width, 3 * (width * 3 + 12) + 12);
  const at = (column: number, row: number) => {
    const offset = 3 * ((rows[row] ?? 0) * picture.width + (columns[column] ?? 0));
    return [...picture.data.subarray(offset, offset + 3)];
  };
  const pixel = 3 * (1 * width + 1);
  t.deepEqual(at(0, 0), [...scene.image.data.subarray(pixel, pixel + 3)]);
  t.deepEqual(at(1, 0), [...adversarial.data.subarray(pixel, pixel + 3)]);
  t.deepEqual(at(2, 0), [192, 192, 192]);
  t.deepEqual(at(1, 1), [...(CITYSCAPES_PALETTE[0] ?? [])]);
  t.deepEqual(at(2, 1), [...(CITYSCAPES_PALETTE[11] ?? [])]);
  t.deepEqual(at(2, 2), [3, 19, 44]);
});
