import { createHash } from 'node:crypto';
import type { Dataset, DatasetExample } from './dataset.js';
import { byCodeUnits, invalidDataset } from './files.js';

/** Longest key that a request may have, in UTF-8. */
const MAX_KEY_BYTES = 256;

/** A dataset as its layout has it. */
export interface Layout<Entry> {
  readonly name: string;
  readonly kind: string;
  /** Where it is, and what its examples look like there: for messages. */
  readonly place: string;
  /** What decides the meaning of labels, beside keys: becomes JSON. */
  readonly meaning: unknown;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly read: (entry: Entry) => Promise<Omit<DatasetExample, 'key'>>;
}

/**
 * The dataset of a layout, its keys in order.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when it has no example, or a key that no request may have.
 */
export function assemble<Entry>({ name, kind, place, meaning, entries, read }: Layout<Entry>): Dataset {
  const keys = [...entries.keys()].toSorted(byCodeUnits);
  if (keys.length === 0) throw invalidDataset(`at least 1 example: ${place}`, 'none');
  for (const key of keys) {
    const size = Buffer.byteLength(key);
    if (size < 1 || size > MAX_KEY_BYTES) {
      throw invalidDataset(`keys of 1 … ${MAX_KEY_BYTES} bytes in ${place}`, `${size}: ${key.slice(0, 80)}`);
    }
  }
  const digest = createHash('sha256')
    .update(JSON.stringify([kind, meaning, keys]))
    .digest('hex');
  return {
    name,
    kind,
    keys,
    digest,
    read: async (key) => {
      const entry = entries.get(key);
      if (entry === undefined) throw invalidDataset(`a key of the dataset ${name}`, key);
      return { key, ...(await read(entry)) };
    },
  };
}
