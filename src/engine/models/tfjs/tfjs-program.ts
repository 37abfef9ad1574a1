import { EngineError } from '../../errors.js';
import { findLoss } from '../../losses/index.js';
import type { LossInputs } from '../../losses/loss.js';
import { score } from '../../losses/score.js';
import { withoutAxes } from '../../tensor/shape.js';
import type { Tensor as FloatTensor } from '../../tensor/tensor.js';
import type { ModelConfig } from '../model-config.js';
import type { ModelInfo, TaskInfo } from '../model-info.js';
import {
  type ExtraInputs,
  type GradientProgram,
  type ProgramInput,
  type ProgramOutput,
  type ProgramRequest,
  SMALLEST_LOSS,
} from '../network.js';
import { scoreKind } from '../score-kind.js';
import { refusalOf } from './refusals.js';
import { type Tensor, type TfjsRuntime, useBackend } from './runtime.js';
import { tfjsOps } from './tensor-ops.js';

/** A network with what is known of its tasks. */
export interface Differentiable {
  readonly runtime: TfjsRuntime;
  readonly info: ModelInfo;
  readonly config: ModelConfig;
  /** Outputs of tasks for levels, one tensor each. Whoever calls it holds a `tidy` around. */
  forward(pixels: Tensor, extraInputs: ExtraInputs, tasks: readonly string[]): readonly Tensor[];
}

/**
 * Joins a network with losses and scores. Nothing is compiled: each run records what TF.js does, and goes back along the record.
 *
 * @throws EngineError `GRADIENT_UNAVAILABLE`. Thrown when an attacked task has no gradient.
 */
export function tfjsProgram(network: Differentiable, request: ProgramRequest): GradientProgram {
  for (const { task } of request.tasks) {
    const [obstacle] = taskOf(network, task).gradientObstacles;
    if (obstacle !== undefined)
      throw new EngineError('GRADIENT_UNAVAILABLE', `expected a gradient of ${task} by the pixels, but ${obstacle}`);
  }
  return { batchSize: request.batchSize, run: (input) => runProgram(network, request, input) };
}

async function runProgram(
  network: Differentiable,
  request: ProgramRequest,
  input: ProgramInput,
): Promise<ProgramOutput> {
  const { runtime } = network;
  const { tf } = runtime;
  useBackend(runtime);
  const kept: { losses?: Tensor; scores?: Tensor } = {};
  let gradient: Tensor | undefined;
  try {
    gradient = refusing(() =>
      tf.tidy(() => {
        const objective = (pixels: Tensor): Tensor => {
          const heads = headsOf(network, request, input, pixels);
          kept.losses = tf.keep(
            tf.stack(
              heads.map(({ loss }) => loss),
              1,
            ),
          );
          kept.scores = tf.keep(
            tf.stack(
              heads.map((head) => head.score),
              1,
            ),
          );
          return tf.sum(tf.addN(heads.map(({ loss, weight }) => tf.sum(tf.mul(weight, loss)))));
        };
        return tf.grad(objective)(tf.tensor(input.pixels.data, [...input.pixels.shape]));
      }),
    );
    return {
      losses: await floatsOf(kept.losses as Tensor),
      scores: await floatsOf(kept.scores as Tensor),
      gradient: await floatsOf(gradient),
    };
  } finally {
    gradient?.dispose();
    kept.losses?.dispose();
    kept.scores?.dispose();
  }
}

function refusing<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw refusalOf('GRADIENT_UNAVAILABLE', 'a gradient that TF.js computes', cause);
  }
}

/** What a tensor holds. */
async function floatsOf(tensor: Tensor): Promise<FloatTensor> {
  return { data: Float32Array.from(await tensor.data()), shape: [...tensor.shape] };
}

/** Of one attacked task, each of shape [N]. */
interface Head {
  readonly loss: Tensor;
  readonly score: Tensor;
  /** What the derivative of the loss counts. */
  readonly weight: Tensor;
}

function headsOf(network: Differentiable, { tasks }: ProgramRequest, input: ProgramInput, pixels: Tensor): Head[] {
  const { tf } = network.runtime;
  const ops = tfjsOps(tf);
  const names = tasks.map(({ task }) => task);
  const outputs = network.forward(pixels, input.extraInputs, names);
  return tasks.map(({ task, loss: lossName }, c): Head => {
    const inputs = lossInputs(network, taskOf(network, task), outputs[c] as Tensor, input);
    const loss = findLoss(lossName).of(ops, inputs);
    const lambda = tf.tensor1d(input.weights.filter((_, i) => i % tasks.length === c));
    const weight = input.isBalanced
      ? tf.div(lambda, ops.stopGradient(tf.maximum(loss, tf.scalar(SMALLEST_LOSS))))
      : lambda;
    return { loss, score: score(ops, scoreKind(taskOf(network, task)), inputs), weight };
  });
}

function lossInputs(
  { runtime: { tf }, config }: Differentiable,
  task: TaskInfo,
  output: Tensor,
  input: ProgramInput,
): LossInputs<Tensor> {
  const hasClasses = task.labelForm === 'class' || task.labelForm === 'class-map';
  const shape = [...(hasClasses ? withoutAxes(output.shape, [task.classAxis + 1]) : output.shape)];
  const taskConfig = config.tasks.find(({ name }) => name === task.name);
  return {
    output,
    classAxis: task.classAxis + 1,
    activation: taskConfig?.activation ?? 'none',
    labels: tf.tensor(input.labels.get(task.name) ?? [], shape, 'float32'),
    valid: tf.tensor(input.valid.get(task.name) ?? [], shape, 'bool'),
    classWeights: taskConfig?.classWeights,
  };
}

const taskOf = ({ info }: Pick<Differentiable, 'info'>, name: string): TaskInfo => {
  const task = info.tasks.find((candidate) => candidate.name === name);
  if (task === undefined) throw new EngineError('INTERNAL', `expected a task of the model, got ${name}`);
  return task;
};
