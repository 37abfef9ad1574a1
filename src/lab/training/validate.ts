import type { Dataset, ModelState, TaskInfo, Trainable, TrainingProgram } from '../../engine/index.js';
import { type Batch, batchOf, sidesOf } from './data/batch.js';
import { exampleStore } from './data/example-store.js';

/** Means over the examples of a validation, by task. */
export interface ValidationFigures {
  readonly examples: number;
  readonly losses: Readonly<Record<string, number>>;
  readonly scores: Readonly<Record<string, number>>;
}

/** Looks at examples that are not trained on. */
export interface Validation {
  run(state: ModelState, signal: AbortSignal): Promise<ValidationFigures>;
  dispose(): Promise<void>;
}

/** What a validation takes. */
export interface ValidationOptions {
  readonly tasks: readonly TaskInfo[];
  /** Examples that a native call takes where images are as large as in a step. */
  readonly batchSize: number;
  /** Height and width of the images of a step, where they are cut: here they are not. */
  readonly crop: readonly [number, number] | undefined;
  readonly memoryBytes: number;
  readonly limit: number | undefined;
}

/** Losses and scores of a dataset with running statistics, as the model will be served; all its images have one size. */
export function openValidation(trainable: Trainable, dataset: Dataset, options: ValidationOptions): Validation {
  const { info } = trainable;
  const { tasks, limit, memoryBytes } = options;
  const store = exampleStore(dataset, info, memoryBytes, limit);
  const model = { info, tasks, normalise: (pixels: Batch['pixels']) => trainable.normalise(pixels) };
  let program: TrainingProgram | undefined;

  async function open({ pixels }: Batch): Promise<TrainingProgram> {
    const inputShape = pixels.shape.slice(1);
    const [height, width] = sidesOf(inputShape, info.input) ?? [1, 1];
    const [cropHeight, cropWidth] = options.crop ?? [height, width];
    // A call may not take much more memory than a step.
    const affordable = Math.floor((options.batchSize * cropHeight * cropWidth) / (height * width));
    const batchSize = info.fixedBatch ?? Math.max(1, Math.min(store.size, affordable));
    return await trainable.trainingProgram({
      tasks: tasks.map(({ name, loss }) => ({ task: name, loss })),
      inputShape,
      batchSize,
      batchNorm: 'running',
    });
  }

  const read = async (from: number, count: number): Promise<Batch> => {
    const places = Array.from({ length: count }, (_, n) => Math.min(from + n, store.size - 1));
    const examples = await Promise.all(places.map((place) => store.read(place)));
    return batchOf(
      examples.map((example) => ({ key: example.key, example, window: undefined })),
      model,
    );
  };

  return {
    async run(state, signal) {
      program ??= await open(await read(0, 1));
      const { batchSize } = program;
      const sums = tasks.map(() => ({ loss: 0, score: 0, count: 0 }));
      for (let from = 0; from < store.size; from += batchSize) {
        signal.throwIfAborted();
        const { pixels, labels, valid, isLabelled } = await read(from, batchSize);
        const weights = new Float32Array(batchSize * tasks.length);
        const input = { pixels, labels, valid, weights, isBalanced: false, extraInputs: new Map(), state };
        const { losses, scores } = await program.run(input);
        for (let n = 0; n < Math.min(batchSize, store.size - from); n++) {
          for (const [c, sum] of sums.entries()) {
            if (!isLabelled.get(tasks[c]?.name ?? '')?.[n]) continue;
            sum.loss += losses.data[n * tasks.length + c] as number;
            sum.score += scores.data[n * tasks.length + c] as number;
            sum.count++;
          }
        }
      }
      const means = (part: 'loss' | 'score') =>
        Object.fromEntries(tasks.map(({ name }, c) => [name, meanOf(sums[c], part)]));
      return { examples: store.size, losses: means('loss'), scores: means('score') };
    },
    dispose: async () => await program?.dispose(),
  };
}

const meanOf = (
  sum: { readonly loss: number; readonly score: number; readonly count: number } | undefined,
  part: 'loss' | 'score',
): number => (sum === undefined || sum.count === 0 ? 0 : sum[part] / sum.count);
