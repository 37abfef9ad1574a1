import test from 'ava';
import type { DatasetLabel, LabelledTask } from '../../../src/engine/datasets/dataset.js';
import { openDataset } from '../../../src/engine/datasets/open-dataset.js';
import type { DomainName } from '../../../src/engine/datasets/taskonomy-domains.js';
import { configOf, depth, folderWith, grey, labelled, problemOf, rgb, segmentation } from '../../support/datasets.js';

const size = [2, 2] as const;
const stem = 'point_1200_view_3';
const imageOf = (id: string): string => `rgb/${id}_domain_rgb.png`;
const fileOf = (domain: string, folder = domain): string => `${folder}/${stem}_domain_${domain}.png`;
/** Known at the first and third of four positions. */
const mask = { [fileOf('depth_euclidean')]: grey(16, size, [64_499, 64_500, 0, 65_535]) };
const taskOf = (domain: string): LabelledTask =>
  domain === 'segmentsemantic' ? segmentation(domain) : labelled(domain);

/** Reads the one label of an example that has these files. */
async function labelOf(
  t: Parameters<typeof folderWith>[0],
  task: LabelledTask,
  files: Readonly<Record<string, Uint8Array>>,
  domains: Readonly<Record<string, string>> = {},
): Promise<DatasetLabel | undefined> {
  const folder = await folderWith(t, { [imageOf(stem)]: rgb(size), ...files });
  const dataset = await openDataset(configOf({ kind: 'taskonomy', root: folder, domains }), [task]);
  return (await dataset.read(stem)).labels.get(task.name);
}

// Expected numbers were computed with NumPy and SciPy from the formulas of docs/DATASETS.md.
const rows: readonly (readonly [
  domain: DomainName,
  file: Uint8Array,
  data: readonly number[],
  valid: readonly number[] | undefined,
  channels?: number,
])[] = [
  ['segmentsemantic', grey(8, size, [0, 1, 2, 17]), [0, 0, 1, 16], [0, 1, 1, 1]],
  ['depth_zbuffer', grey(16, size, [0, 1, 999, 64_500]), [0, 0.0625, 0.6228615, 0.9985646], [1, 1, 1, 0]],
  [
    'depth_euclidean',
    grey(16, size, [64_499, 64_500, 999, 65_535]),
    [0.9985632, 0.9985646, 0.6228615, 1],
    [1, 0, 1, 0],
  ],
  ['edge_texture', grey(16, size, [0, 1000, 5242, 65_535]), [-1, -0.6185244, 0.9996948, 1], undefined],
  ['keypoints2d', grey(16, size, [0, 100, 327, 65_535]), [-1, -0.3896391, 0.9958801, 1], undefined],
  ['keypoints3d', grey(16, size, [0, 100, 32_768, 65_535]), [-1, -0.9969482, 0.0000153, 1], [1, 0, 1, 0]],
  [
    'normal',
    rgb(size, [0, 1, 127, 128, 255, 0, 1, 127, 128, 255, 0, 1]),
    [-1, 0.0039216, -0.9921569, 1, -0.9921569, 1, -0.0039216, -1, -0.0039216, -1, 0.0039216, -0.9921569],
    [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0],
    3,
  ],
  [
    'principal_curvature',
    rgb(size, [0, 0, 9, 124, 120, 9, 255, 255, 9, 0, 255, 9]),
    [-3.8710606, 0.0134077, 4.1171608, -3.8710606, -5.5452952, -0.0046172, 6.2286453, 6.2286453],
    [1, 0, 1, 0, 1, 0, 1, 0],
    2,
  ],
  ['reshading', rgb(size, [10, 20, 30, 255, 255, 255, 0, 0, 0, 255, 0, 0]), [-0.854149, 1, -1, -0.575], [1, 0, 1, 0]],
];

for (const [domain, file, data, valid, channels] of rows) {
  test(`${domain} is scaled as the paper has it, and counts where it is known`, async (t) => {
    const label = await labelOf(t, taskOf(domain), { ...mask, [fileOf(domain)]: file });
    t.is(label?.data.length, data.length);
    for (const [i, value] of data.entries()) {
      const got = label?.data[i] as number;
      t.true(Math.abs(got - value) < 1e-6, `position ${i}: ${got}, expected ${value}`);
    }
    t.deepEqual(label?.valid && [...label.valid], valid && [...valid]);
    t.deepEqual(label?.shape, channels === undefined ? [2, 2] : [channels, 2, 2]);
  });
}

test('edges of occlusion are stretched without a clip, then blurred', async (t) => {
  const wide = [4, 2] as const;
  const label = await labelOf(t, labelled('edge_occlusion'), {
    [imageOf(stem)]: rgb(wide),
    [fileOf('depth_euclidean')]: grey(16, wide, [0, 0, 0, 0, 0, 0, 64_500, 0]),
    [fileOf('edge_occlusion')]: grey(16, wide, [0, 409, 410, 65_535, 1, 2, 3, 64_500]),
  });
  const expected = [77.8995056, 78.4692993, 79.2732162, 79.8453064, 77.8994904, 78.4692841, 79.2731934, 79.8452911];
  for (const [i, value] of expected.entries()) t.true(Math.abs((label?.data[i] as number) - value) < 1e-4);
  t.deepEqual([...(label?.valid ?? [])], [1, 1, 1, 1, 1, 1, 0, 1]);
});

test('a grey reshading file is taken as it is', async (t) => {
  const label = await labelOf(t, labelled('reshading'), {
    ...mask,
    [fileOf('reshading')]: grey(8, size, [0, 255, 127, 51]),
  });
  t.deepEqual(label?.data, Float32Array.of(-1, 1, (127 / 255) * 2 - 1, -0.6));
});

test('an autoencoder is labelled by the image itself, from −1 to 1', async (t) => {
  const label = await labelOf(t, labelled('autoencoder'), {
    [imageOf(stem)]: rgb(size, [0, 255, 51, 0, 255, 51, 0, 255, 51, 0, 255, 51]),
  });
  t.deepEqual(label, {
    data: Float32Array.of(-1, -1, -1, -1, 1, 1, 1, 1, -0.6, -0.6, -0.6, -0.6),
    shape: [3, 2, 2],
  });
});

for (const [folder, suffix] of [
  ['segment_semantic', 'segmentsemantic'],
  ['segment_semantic', 'segment_semantic'],
] as const) {
  test(`classes are found in ${folder}, in files that end with ${suffix}`, async (t) => {
    const files = { [fileOf(suffix, folder)]: grey(8, size, [1, 2, 3, 4]) };
    const label = await labelOf(t, segmentation('segmentsemantic'), files);
    t.deepEqual([...(label?.data ?? [])], [0, 1, 2, 3]);
  });
}

test('keys are those of points from 1200 on, below it, or all, with the folders that they are in', async (t) => {
  const points = ['point_1199_view_0', 'point_1200_view_0', 'hall/point_9_view_1', 'hall/point_20000_view_12'];
  const files = points.map((id) => [imageOf(id), rgb(size)]);
  const folder = await folderWith(t, {
    ...Object.fromEntries(files),
    'rgb/point_5_view_0_domain_normal.png': rgb(size),
  });
  const open = async (split?: string) =>
    (await openDataset(configOf({ kind: 'taskonomy', root: folder, ...(split && { split }) }), [])).keys;
  t.deepEqual(await open(), ['hall/point_20000_view_12', 'point_1200_view_0']);
  t.deepEqual(await open('train'), ['hall/point_9_view_1', 'point_1199_view_0']);
  t.is((await open('all')).length, 4);
});

test('a task finds its domain by its name, or by its kind where that leaves no choice', async (t) => {
  const normal = { [fileOf('normal')]: rgb(size), ...mask };
  t.truthy(await labelOf(t, labelled('surface', { kind: 'normals' }), normal));
  t.truthy(await labelOf(t, labelled('x'), normal, { x: 'normal' }));
  t.truthy(await labelOf(t, depth('depth-euclidean'), mask));
  t.is(await labelOf(t, labelled('x'), normal), undefined);
  t.is(await labelOf(t, depth(), mask, { depth: 'none' }), undefined);
  t.is(await labelOf(t, labelled('autoencoder', { isReconstruction: true }), mask), undefined);
});

test('a task that could have two domains must say which', async (t) => {
  t.regex(
    await problemOf(t, labelOf(t, depth(), mask)),
    /domains\.depth to be one of depth_zbuffer, depth_euclidean, none/,
  );
});

test('a domain of another form than the task is refused', async (t) => {
  t.regex(
    await problemOf(t, labelOf(t, segmentation(), mask, { segmentation: 'normal' })),
    /class-map, got normal: numbers/,
  );
});

for (const [what, domain, files, message] of [
  ['a missing label', 'normal', mask, /a file of normal at .*_domain_normal\.png, got none/],
  ['a missing mask', 'normal', { [fileOf('normal')]: rgb(size) }, /a file of depth_euclidean at .*, got none/],
  ['a missing map of classes', 'segmentsemantic', {}, /segmentsemantic\.png or .*segment_semantic/],
  [
    'depth of 8 bits',
    'depth_zbuffer',
    { [fileOf('depth_zbuffer')]: grey(8, size, [0, 0, 0, 0]) },
    /of 16 bits in .*8 bits/,
  ],
  [
    'normals in grey',
    'normal',
    { ...mask, [fileOf('normal')]: grey(8, size, [0, 0, 0, 0]) },
    /3 or 4 channels .*got 1/,
  ],
  [
    'another size',
    'normal',
    { ...mask, [fileOf('normal')]: rgb([2, 3]) },
    /2 × 2 pixels in .*normal\.png, as in .*rgb\.png, got 2 × 3/,
  ],
  [
    'a mask of another size',
    'normal',
    { [fileOf('normal')]: rgb(size), [fileOf('depth_euclidean')]: grey(16, [1, 2], [0, 0]) },
    /depth_euclidean\.png, as in .*got 1 × 2/,
  ],
] as const) {
  test(`an example is refused when it is read, and its file named: ${what}`, async (t) => {
    t.regex(await problemOf(t, labelOf(t, taskOf(domain), files)), message);
  });
}
