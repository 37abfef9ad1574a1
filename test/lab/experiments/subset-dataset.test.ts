import test from 'ava';
import type { DatasetLabel } from '../../../src/engine/index.js';
import { subsetDataset } from '../../../src/lab/experiments/subset-dataset.js';
import { datasetOf, featuresOf } from '../../support/in-process-target.js';

const label: DatasetLabel = {
  data: Float32Array.of(0, 1, 255, 2, 3, 4, 5, 6),
  shape: [2, 4],
  valid: Uint8Array.of(1, 1, 1, 0, 1, 1, 1, 1),
};
const dataset = datasetOf(
  ['a', 'b'].map((key) => ({ ...featuresOf(key, [1], {}), labels: new Map([['map', label]]) })),
);

async function maskOf(key: string, positions: number, draw: number): Promise<readonly number[]> {
  const drawn = subsetDataset(dataset, { task: 'map', positions, draw }, 3, 255);
  return [...((await drawn.read(key)).labels.get('map')?.valid ?? [])];
}

const countOf = (mask: readonly number[]): number => mask.reduce((sum, one) => sum + one, 0);

test('as many positions count as are asked for, among those that did', async (t) => {
  for (const positions of [1, 3, 6]) {
    for (const draw of [0, 1, 2]) {
      const mask = await maskOf('a', positions, draw);
      t.is(countOf(mask), positions);
      // Neither the class that is ignored nor what did not count.
      t.deepEqual([mask[2], mask[3]], [0, 0]);
    }
  }
});

test('an example with fewer keeps them all', async (t) => {
  t.deepEqual(await maskOf('a', 100, 0), [1, 1, 0, 0, 1, 1, 1, 1]);
});

test('draws and examples differ, and the same draw is the same again', async (t) => {
  const masks = await Promise.all([0, 1, 2, 3].map((draw) => maskOf('a', 3, draw)));
  t.true(new Set(masks.map(String)).size > 1);
  t.deepEqual(await maskOf('a', 3, 0), masks[0]);
  const others = await Promise.all([0, 1, 2, 3].map((draw) => maskOf('b', 3, draw)));
  t.notDeepEqual(others, masks);
});

test('it is another dataset', (t) => {
  const digests = [0, 1].map((draw) => subsetDataset(dataset, { task: 'map', positions: 2, draw }, 3, 255).digest);
  t.is(new Set([dataset.digest, ...digests]).size, 3);
});
