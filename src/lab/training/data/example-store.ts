import {
  type Dataset,
  EngineError,
  type InputInfo,
  jobInputOf,
  type ModelInfo,
  type Shape,
  type TaskInfo,
  toLevels,
} from '../../../engine/index.js';
import { type Packed, pack } from './pack.js';

/** A label, ready for batches. */
export interface StoredLabel {
  readonly data: Packed;
  readonly shape: Shape;
  /** 1 where it counts, else 0; `undefined` where it counts everywhere. */
  readonly valid: Uint8Array | undefined;
}

/** An example, decoded. */
export interface StoredExample {
  readonly key: string;
  /** Levels 0–255. */
  readonly pixels: Packed;
  /** Without the batch axis. */
  readonly shape: Shape;
  readonly labels: ReadonlyMap<string, StoredLabel>;
}

/** The examples of a dataset, by their place in it. Those that fit the budget are decoded once. */
export interface ExampleStore {
  readonly size: number;
  read(index: number): Promise<StoredExample>;
}

/**
 * The examples of a dataset for a model. Their size need not be the model's: crops may be.
 *
 * @param budgetBytes most memory that decoded examples take
 * @param limit number of examples from the start of the dataset
 */
export function exampleStore(
  dataset: Dataset,
  { input, extraInputs, tasks }: Pick<ModelInfo, 'input' | 'extraInputs' | 'tasks'>,
  budgetBytes: number,
  limit: number = dataset.keys.length,
): ExampleStore {
  const keys = dataset.keys.slice(0, limit);
  const model = { input: ofAnySize(input), extraInputs, tasks: tasks.map(outputOfAnySize) };
  const kept = new Map<number, StoredExample>();
  let budget = budgetBytes;
  return {
    size: keys.length,
    async read(index) {
      const found = kept.get(index);
      if (found !== undefined) return found;
      const key = keys[index];
      if (key === undefined)
        throw new EngineError('INTERNAL', `expected an example below ${keys.length}, got ${index}`);
      const { pixels, shape, labels } = await jobInputOf(await dataset.read(key), model);
      const example: StoredExample = {
        key,
        pixels: pack(toLevels(pixels, input)),
        shape,
        labels: new Map([...labels].map(([task, label]) => [task, storedLabel(label)])),
      };
      const bytes = sizeBytes(example);
      if (bytes <= budget && !kept.has(index)) {
        budget -= bytes;
        kept.set(index, example);
      }
      return example;
    },
  };
}

function storedLabel({ data, shape, valid }: { data: Float32Array; shape: Shape; valid: Uint8Array }): StoredLabel {
  // What does not count must still be a number: NaN would survive a cast.
  const known = data.map((value, i) => (valid[i] === 1 ? value : 0));
  return { data: pack(known), shape, valid: valid.every((one) => one === 1) ? undefined : valid };
}

const sizeBytes = ({ pixels, labels }: StoredExample): number =>
  [...labels.values()].reduce(
    (sum, { data, valid }) => sum + data.byteLength + (valid?.byteLength ?? 0),
    pixels.byteLength,
  );

const ofAnySize = (input: InputInfo): InputInfo =>
  input.kind === 'features' ? input : { ...input, shape: input.shape.map((n, axis) => (isSide(input, axis) ? -1 : n)) };

const isSide = ({ layout }: InputInfo, axis: number): boolean => axis !== (layout === 'NCHW' ? 0 : 2);

/** The shape of a map of numbers is judged against the output once it is cropped. */
const outputOfAnySize = (task: TaskInfo): TaskInfo =>
  task.labelForm === 'class' || task.shape.length < 2 ? task : { ...task, shape: task.shape.map(() => -1) };
