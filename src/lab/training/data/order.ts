import { keyedRandom } from '../../../engine/index.js';

/** What decides which examples a step takes. */
export interface OrderSettings {
  /** Number of examples. */
  readonly size: number;
  readonly batchSize: number;
  readonly lastBatch: 'drop' | 'wrap';
  readonly shuffle: boolean;
  readonly seed: number;
}

/** An example of a step. */
export interface Pick {
  readonly index: number;
  /** Epochs done before the one that it belongs to. */
  readonly epoch: number;
}

/** Steps of an epoch; with `wrap` it may end within a step. */
export const stepsPerEpoch = ({ size, batchSize, lastBatch }: OrderSettings): number =>
  lastBatch === 'drop' ? Math.floor(size / batchSize) : size / batchSize;

/** Epochs that are done before a step. */
export const epochOf = (step: number, settings: OrderSettings): number => Math.floor(step / stepsPerEpoch(settings));

/**
 * Which examples each step takes: a function of the step alone, so that a resumed training takes the same.
 *
 * @returns the examples of a step, as many as a batch has
 */
export function exampleOrder(settings: OrderSettings): (step: number) => readonly Pick[] {
  const { size, batchSize, lastBatch } = settings;
  const used = lastBatch === 'drop' ? Math.floor(size / batchSize) * batchSize : size;
  let known: { readonly epoch: number; readonly order: Uint32Array } | undefined;
  return (step) =>
    Array.from({ length: batchSize }, (_, i) => {
      const place = step * batchSize + i;
      const epoch = Math.floor(place / used);
      if (known?.epoch !== epoch) known = { epoch, order: epochOrder(epoch, settings) };
      return { index: known.order[place % used] as number, epoch };
    });
}

/** The examples of an epoch. Source: Fisher and Yates' shuffle, as Durstenfeld has it. */
function epochOrder(epoch: number, { size, shuffle, seed }: OrderSettings): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, i) => i);
  if (!shuffle) return order;
  const random = keyedRandom('shuffle', seed, 'epoch', epoch);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}
