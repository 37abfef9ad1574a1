import { EngineError, type Shape } from '../../engine/index.js';
import { type Adversary, adversarialSpec, openAdversary, type TrainingAttackSpec } from './adversary.js';
import type { Batch, BatchModel } from './data/batch.js';
import { optimizerOf } from './optimizers/index.js';
import type { StepMachine } from './training-step.js';
import type { TrainingSetting } from './training-work.js';

/** The programs of a training: made when its first batch says of which shape. */
export interface MachineSource {
  /** What batches are made for: tasks that are trained, and those that are only attacked. */
  readonly batchModel: BatchModel;
  /** Names of what the optimizer remembers of each parameter. */
  readonly slots: readonly string[];
  /**
   * @throws EngineError `INVALID_DATASET`. Thrown when a batch has another shape than the first.
   */
  machineFor(batch: Batch): Promise<StepMachine>;
  dispose(): Promise<void>;
}

/** @throws EngineError as `adversarialSpec`. */
export function machineSource({ work, tasks, weights }: TrainingSetting): MachineSource {
  const { trainable, config } = work;
  const { info } = trainable;
  const optimizer = optimizerOf(config.optimizer);
  const { adversarial } = config;
  const names = tasks.map(({ name }) => name);
  const spec = adversarial && adversarialSpec(adversarial, config.seed, trainable, names);
  const attacked = attackedNames(spec);
  let open: { readonly shape: Shape; readonly machine: StepMachine } | undefined;

  async function make(inputShape: Shape): Promise<StepMachine> {
    const { batchSize, batchNorm } = config;
    const request = { inputShape, batchSize, tasks: tasks.map(({ name, loss }) => ({ task: name, loss })) };
    const program = await trainable.trainingProgram({ ...request, batchNorm: batchNorm.statistics });
    let adversary: Adversary | undefined;
    try {
      adversary = spec && adversarial && (await openAdversary(trainable, spec, adversarial, config, inputShape));
    } catch (error) {
      await program.dispose();
      throw error;
    }
    return { trainable, program, adversary, optimizer, tasks, taskWeights: weights, config };
  }

  return {
    batchModel: {
      info,
      tasks: info.tasks.filter(({ name }) => names.includes(name) || attacked.includes(name)),
      normalise: (pixels) => trainable.normalise(pixels),
    },
    slots: optimizer.slots,
    async machineFor({ pixels }) {
      const shape = pixels.shape.slice(1);
      open ??= { shape, machine: await make(shape) };
      if (open.shape.join() !== shape.join()) {
        const text = `expected images of the shape of the first, [${open.shape}], got [${shape}]: augment.crop cuts all to one`;
        throw new EngineError('INVALID_DATASET', text);
      }
      return open.machine;
    },
    async dispose() {
      await open?.machine.program.dispose();
      await open?.machine.adversary?.dispose();
    },
  };
}

const attackedNames = (spec: TrainingAttackSpec | undefined): readonly string[] =>
  spec?.objective.tasks.map(({ task }) => task) ?? [];
