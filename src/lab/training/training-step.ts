import { EngineError, type TaskInfo, type Trainable, type TrainingProgram } from '../../engine/index.js';
import type { Adversary } from './adversary.js';
import { clipGradients } from './clip-gradients.js';
import type { Batch } from './data/batch.js';
import { type TrainedNumbers, updateParameters, updateStatistics } from './model-update.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { Rates } from './schedules/schedule.js';
import type { TrainingConfig } from './training-config.js';

/** What every step of a training has in common. */
export interface StepMachine {
  readonly trainable: Pick<Trainable, 'statistics'>;
  readonly program: TrainingProgram;
  readonly adversary: Adversary | undefined;
  readonly optimizer: Optimizer;
  /** Trained tasks in the order of the program, with what each counts. */
  readonly tasks: readonly TaskInfo[];
  readonly taskWeights: ReadonlyMap<string, number>;
  readonly config: Pick<TrainingConfig, 'clipNorm' | 'batchNorm'>;
}

export interface StepOutcome {
  /** Weighted sum of the losses. */
  readonly loss: number;
  /** By task: mean over the examples that have a label. */
  readonly losses: Readonly<Record<string, number>>;
  /** Before it was clipped. */
  readonly gradientNorm: number;
}

/**
 * One step: attack the batch, take the gradient, clip it, and move parameters and running statistics. Whatever is trained, the
 * loss of a task is the mean over the examples that have a label of it, and the loss of the step Σ w_c L_c.
 *
 * @param count steps done, this one included
 * @throws EngineError `GRADIENT_UNAVAILABLE`. Thrown when a loss or the gradient is not finite; nothing has moved then.
 */
export async function takeStep(
  machine: StepMachine,
  batch: Batch,
  numbers: TrainedNumbers,
  moment: { readonly rates: Rates; readonly count: number },
): Promise<StepOutcome> {
  const { program, adversary, tasks, config, trainable, optimizer } = machine;
  const { pixels, labels, valid } = adversary ? await adversary.attack(batch, numbers) : batch;
  const weights = exampleWeights(machine, batch);
  const input = { pixels, labels, valid, weights, isBalanced: false, extraInputs: new Map(), state: numbers.state };
  const { losses, gradients, statistics } = await program.run(input);
  const means = tasks.map(({ name }, c) => {
    const isLabelled = batch.isLabelled.get(name) ?? [];
    const values = isLabelled.flatMap((has, n) => (has ? [losses.data[n * tasks.length + c] as number] : []));
    return [name, values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1)] as const;
  });
  const loss = means.reduce((sum, [name, value]) => sum + (machine.taskWeights.get(name) ?? 0) * value, 0);
  const gradientNorm = clipGradients(gradients, config.clipNorm);
  requireFinite(loss, gradientNorm, moment);
  updateParameters(numbers, gradients, optimizer, moment.rates, moment.count);
  updateStatistics(numbers, trainable.statistics, statistics, config.batchNorm.momentum);
  return { loss, losses: Object.fromEntries(means), gradientNorm };
}

/** w_nc: what a task counts, over the examples that have a label of it. */
function exampleWeights({ tasks, taskWeights }: StepMachine, { keys, isLabelled }: Batch): Float32Array {
  const weights = new Float32Array(keys.length * tasks.length);
  for (const [c, { name }] of tasks.entries()) {
    const has = isLabelled.get(name) ?? [];
    const labelled = has.filter(Boolean).length;
    for (const [n, isOne] of has.entries()) {
      if (isOne) weights[n * tasks.length + c] = (taskWeights.get(name) ?? 0) / labelled;
    }
  }
  return weights;
}

function requireFinite(loss: number, norm: number, { count, rates }: { count: number; rates: Rates }): void {
  if (Number.isFinite(loss) && Number.isFinite(norm)) return;
  throw new EngineError(
    'GRADIENT_UNAVAILABLE',
    `expected a finite loss and gradient at step ${count}, got a loss of ${loss} and a gradient of length ${norm}: the ` +
      `training diverges; try a learning rate below ${rates.learningRate}, or clipNorm`,
  );
}
