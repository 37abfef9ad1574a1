import { createHash } from 'node:crypto';
import { type Dataset, type DatasetLabel, keyedRandom } from '../../engine/index.js';
import type { OutputSubset } from './cell-plan.js';

/**
 * A dataset in which only some positions of a task's label count, drawn without replacement among those that did: what is attacked
 * and judged of each example. An example with fewer positions keeps them all.
 *
 * @param ignored the class that says that a position does not count
 */
export function subsetDataset(
  dataset: Dataset,
  { task, positions, draw }: OutputSubset,
  seed: number,
  ignored: number | undefined,
): Dataset {
  const meaning = JSON.stringify([dataset.digest, task, positions, draw, seed]);
  return {
    ...dataset,
    digest: createHash('sha256').update(meaning).digest('hex'),
    async read(key) {
      const example = await dataset.read(key);
      const label = example.labels.get(task);
      if (label === undefined) return example;
      const random = keyedRandom('sweep', seed, JSON.stringify([key, positions]), draw);
      const drawn = { ...label, valid: drawnMask(label, positions, ignored, random) };
      return { ...example, labels: new Map(example.labels).set(task, drawn) };
    },
  };
}

function drawnMask(
  { data, valid }: DatasetLabel,
  count: number,
  ignored: number | undefined,
  random: () => number,
): Uint8Array {
  const counting = [...data.keys()].filter((i) => valid?.[i] !== 0 && data[i] !== ignored);
  const mask = new Uint8Array(data.length);
  // The first steps of a Fisher–Yates shuffle: a uniform draw without replacement.
  for (let i = 0; i < Math.min(count, counting.length); i++) {
    const j = i + Math.floor(random() * (counting.length - i));
    const position = counting[j] as number;
    counting[j] = counting[i] as number;
    mask[position] = 1;
  }
  return mask;
}
