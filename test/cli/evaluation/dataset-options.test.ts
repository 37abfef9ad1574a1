import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import test from 'ava';
import { openNamedDataset } from '../../../src/cli/evaluation/dataset-options.js';
import type { LabelledTask } from '../../../src/engine/index.js';
import { root } from '../../support/street.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const depth: LabelledTask = {
  name: 'depth',
  kind: 'depth',
  labelForm: 'numbers',
  labelScale: [0.001],
  labelOffset: [0],
  invalid: undefined,
  isReconstruction: false,
  classes: [],
};
const scenes = join(root, 'demo/scenes');

test('a dataset is found by its name in a configuration, relative to it', async (t) => {
  const folder = await temporaryFolder(t);
  const config = join(folder, 'gateway.yaml');
  await writeFile(config, `datasets: {town: {kind: cityscapes, root: ${relative(folder, scenes)}}}`);
  const { name, kind, keys } = await openNamedDataset({ dataset: 'town', config }, []);
  t.deepEqual([name, kind, keys.length], ['town', 'cityscapes', 16]);
  await t.throwsAsync(openNamedDataset({ dataset: 'city', config }, []), {
    name: 'UsageError',
    message: /expected one of the datasets of .* \(town\), got city/,
  });
});

test('options say what a layout does not, keys of keys too', async (t) => {
  const open = (...datasetOption: [string, string][]) =>
    openNamedDataset({ datasetPath: scenes, datasetOption }, [depth]).then(({ digest }) => digest);
  t.is(await open(), await open(['kind', 'cityscapes']));
  t.not(await open(), await open(['sources.depth', 'none']));
  await t.throwsAsync(open(['sources.depth', 'gtCoarse']), { message: /gtFine/ });
});

test('a dataset is named in one way', async (t) => {
  const message = /either --dataset NAME or --dataset-path PATH/;
  await t.throwsAsync(openNamedDataset({}, []), { message });
  await t.throwsAsync(openNamedDataset({ dataset: 'a', datasetPath: 'b' }, []), { message });
});
