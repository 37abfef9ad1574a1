import {
  attackTrainingBatch,
  parseSpec,
  requireTrainingAttack,
  resolveAttackSpec,
  type Shape,
  type Trainable,
  type TrainingAttack,
} from '../../engine/index.js';
import type { Batch } from './data/batch.js';
import { type TrainedNumbers, updateStatistics } from './model-update.js';
import type { AdversarialConfig, TrainingConfig } from './training-config.js';

/** Puts attacked examples in the place of clean ones. */
export interface Adversary {
  /** The batch with its attacked pixels; labels stay those of the clean ones. */
  attack(batch: Batch, numbers: TrainedNumbers): Promise<Batch>;
  dispose(): Promise<void>;
}

/** An attack of a configuration, with nothing left open. */
export type TrainingAttackSpec = TrainingAttack['spec'];

/**
 * The attack that a training is told to withstand.
 *
 * @param trained names of the trained tasks, which are attacked where the text names none
 * @throws EngineError `INVALID_CONFIG`, `INVALID_OPTION`, `INVALID_REQUEST`. Thrown when the text is no such attack.
 */
export function adversarialSpec(
  { attack }: AdversarialConfig,
  seed: number,
  { info }: Pick<Trainable, 'info'>,
  trained: readonly string[],
): TrainingAttackSpec {
  const request = parseSpec(attack);
  const tasks = request.tasks.length > 0 ? request.tasks : trained.map((task) => ({ task }));
  const labelled = new Set(info.tasks.map(({ name }) => name));
  const spec = resolveAttackSpec({ ...request, tasks, seed }, info, labelled);
  requireTrainingAttack(spec);
  return spec;
}

/** How many examples of a batch are attacked: those that are not come last. */
export const attackedCount = (batchSize: number, { cleanShare }: AdversarialConfig): number =>
  batchSize - Math.round(batchSize * cleanShare);

/**
 * Opens what attacks batches of a training.
 *
 * @throws EngineError as `Trainable.pixelProgram`.
 */
export async function openAdversary(
  trainable: Trainable,
  spec: TrainingAttackSpec,
  adversarial: AdversarialConfig,
  { batchSize, batchNorm }: Pick<TrainingConfig, 'batchSize' | 'batchNorm'>,
  inputShape: Shape,
): Promise<Adversary | undefined> {
  const count = attackedCount(batchSize, adversarial);
  if (count === 0) return undefined;
  const { input } = trainable.info;
  const program = await trainable.pixelProgram({
    tasks: spec.objective.tasks.map(({ task, loss }) => ({ task, loss })),
    inputShape,
    batchSize: count,
    batchNorm: adversarial.batchNorm,
  });
  const attack: TrainingAttack = { program, spec, layout: input.kind === 'image' ? input.layout : undefined };
  return {
    async attack(batch, numbers) {
      const adversarialPixels = await attackTrainingBatch(attack, {
        ...firstOf(batch, count),
        state: numbers.state,
        // A step is finished or not begun: half of an attack would leave statistics of passes that are taken again.
        signal: new AbortController().signal,
        onStatistics: (found) => updateStatistics(numbers, trainable.statistics, found, batchNorm.momentum),
      });
      const data = batch.pixels.data.slice();
      data.set(adversarialPixels.data);
      return { ...batch, pixels: { data, shape: batch.pixels.shape } };
    },
    dispose: () => program.dispose(),
  };
}

/** The first examples of a batch. */
function firstOf(batch: Batch, count: number): Pick<Batch, 'keys' | 'pixels' | 'labels' | 'valid'> {
  const all = batch.keys.length;
  const { data, shape } = batch.pixels;
  const part = <T extends { readonly length: number; subarray(from: number, to: number): T }>(values: T): T =>
    values.subarray(0, (values.length / all) * count);
  const parts = <T extends { readonly length: number; subarray(from: number, to: number): T }>(
    values: ReadonlyMap<string, T>,
  ): ReadonlyMap<string, T> => new Map([...values].map(([task, value]) => [task, part(value)]));
  return {
    keys: batch.keys.slice(0, count),
    pixels: { data: part(data), shape: [count, ...shape.slice(1)] },
    labels: parts(batch.labels),
    valid: parts(batch.valid),
  };
}
