import type { Dataset, DatasetExample } from '../datasets/dataset.js';
import { chunk } from '../runs/batches.js';
import { isUnreadable } from './plan.js';
import type { SkippedExample } from './row.js';

/** An example of a plan, by its place in the dataset. */
export interface PlannedExample {
  readonly index: number;
  readonly key: string;
}

export interface ReadExample extends PlannedExample {
  readonly example: DatasetExample;
}

export interface ReadChunk {
  readonly examples: readonly ReadExample[];
  readonly unreadable: readonly SkippedExample[];
}

/**
 * Reads examples in chunks of at most `size`, one chunk ahead of what is taken, so that no more than two are in memory.
 *
 * @throws the signal's reason. Thrown when it is aborted.
 */
export async function* readAhead(
  dataset: Dataset,
  examples: readonly PlannedExample[],
  size: number,
  signal: AbortSignal,
): AsyncGenerator<ReadChunk, void, void> {
  const [first, ...rest] = chunk(examples, size);
  let next = first && startReading(dataset, first);
  while (next !== undefined) {
    signal.throwIfAborted();
    const current = await next.chunk;
    const following = rest.shift();
    next = following && startReading(dataset, following);
    yield current;
  }
}

/** In an object, for an async function would wait for a bare promise. */
function startReading(dataset: Dataset, examples: readonly PlannedExample[]): { readonly chunk: Promise<ReadChunk> } {
  const reading = readChunk(dataset, examples);
  // It is awaited later: until then a failure is no unhandled rejection.
  reading.catch(() => undefined);
  return { chunk: reading };
}

async function readChunk(dataset: Dataset, planned: readonly PlannedExample[]): Promise<ReadChunk> {
  const read = await Promise.all(
    planned.map(async ({ index, key }): Promise<ReadExample | SkippedExample> => {
      try {
        return { index, key, example: await dataset.read(key) };
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        return { index, key, reason: error.message };
      }
    }),
  );
  return {
    examples: read.flatMap((one) => ('example' in one ? [one] : [])),
    unreadable: read.flatMap((one) => ('reason' in one ? [one] : [])),
  };
}
