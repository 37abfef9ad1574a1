import type { GradientSource } from '../attacks/attack.js';
import { findLoss } from '../losses/index.js';
import { score } from '../losses/score.js';
import type { TaskInfo } from '../models/model-info.js';
import type { ExtraInputs, Network } from '../models/network.js';
import { scoreKind } from '../models/score-kind.js';
import { eagerOps } from '../tensor/eager-ops.js';
import type { Float64Tensor } from '../tensor/float64-tensor.js';
import type { Shape } from '../tensor/shape.js';
import { examplesOf, type Tensor, zerosLike } from '../tensor/tensor.js';
import { labelShape } from './examples.js';
import { type BatchLabels, objectiveValues } from './objective-source.js';
import type { Pace } from './pace.js';
import type { Objective } from './spec.js';

export interface BlackBoxOptions {
  readonly network: Network;
  /** Those of the objective, in its order. */
  readonly tasks: readonly TaskInfo[];
  readonly objective: Objective;
  /** Whether losses are lowered instead of raised. */
  readonly targeted: boolean;
  readonly labels: BatchLabels;
  readonly extraInputs: ExtraInputs;
  readonly pace: Pace;
  /**
   * Whether rows that nobody needs are left out of a query, as where queries are what is paid for. Otherwise all are computed:
   * the number of rows of a native call may decide the last bits of a result.
   */
  readonly savesQueries: boolean;
}

/**
 * A model with an objective, for attacks that need no gradient: predictions of the original model, judged in float64. It works
 * for every model that predicts, whether it can be differentiated or not.
 */
export function blackBoxSource(options: BlackBoxOptions): GradientSource {
  const { network, tasks, objective, targeted, extraInputs, pace } = options;
  const lambdas = objective.tasks.map(({ weight }) => (targeted ? -weight : weight));
  let known: { readonly losses: Float32Array; readonly scores: Float32Array; readonly gradient: Tensor } | undefined;
  return {
    async evaluate(pixels, _signal, isNeeded = () => true) {
      const [count = 0] = pixels.shape;
      const shape = [count, tasks.length];
      known ??= {
        losses: new Float32Array(count * tasks.length),
        scores: new Float32Array(count * tasks.length),
        gradient: zerosLike(pixels),
      };
      // What is left out keeps what was said of it last.
      const [losses, scores] = [known.losses.slice(), known.scores.slice()];
      const all = Array.from({ length: count }, (_, row) => row);
      const rows = options.savesQueries ? all.filter(isNeeded) : all;
      if (rows.length > 0) {
        const extra = new Map([...extraInputs].map(([name, tensor]) => [name, rowsOf(tensor, rows)]));
        const outputs = await pace.call('step', () => network.predict(rowsOf(pixels, rows), extra));
        for (const [c, task] of tasks.entries()) {
          const judged = judge(outputs.get(task.name) as Tensor, task, rows, options);
          for (const [i, row] of rows.entries()) {
            losses[row * tasks.length + c] = judged.losses.data[i] as number;
            scores[row * tasks.length + c] = judged.scores.data[i] as number;
          }
        }
      }
      known = { losses, scores, gradient: known.gradient };
      return {
        losses: { data: losses, shape },
        scores: { data: scores, shape },
        objective: objectiveValues({ data: losses, shape }, lambdas, objective.combination === 'balanced'),
        gradient: known.gradient,
      };
    },
  };
}

/** Some rows of a batch. */
function rowsOf(tensor: Tensor, rows: readonly number[]): Tensor {
  if (rows.length === tensor.shape[0]) return tensor;
  const examples = examplesOf(tensor);
  const size = tensor.data.length / examples.length;
  const data = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) data.set(examples[row] as Float32Array, i * size);
  return { data, shape: [rows.length, ...tensor.shape.slice(1)] };
}

/** Losses and scores of one task, each of shape [rows]. */
function judge(
  output: Tensor,
  task: TaskInfo,
  rows: readonly number[],
  { network, objective, labels }: BlackBoxOptions,
): { readonly losses: Float64Tensor; readonly scores: Float64Tensor } {
  const config = network.config.tasks.find(({ name }) => name === task.name);
  const shape = [rows.length, ...labelShape(task, output.shape.slice(1))];
  const inputs = {
    output: { data: Float64Array.from(output.data), shape: output.shape },
    classAxis: task.classAxis + 1,
    activation: task.activation,
    labels: rowsOfLabels(labels.labels.get(task.name), rows, shape),
    valid: rowsOfLabels(labels.valid.get(task.name), rows, shape),
    classWeights: config?.classWeights,
  };
  const loss = objective.tasks.find((each) => each.task === task.name)?.loss ?? task.loss;
  return { losses: findLoss(loss).of(eagerOps, inputs), scores: score(eagerOps, scoreKind(task), inputs) };
}

function rowsOfLabels(
  all: Float32Array | Uint8Array | undefined,
  rows: readonly number[],
  shape: Shape,
): Float64Tensor {
  const size = shape.slice(1).reduce((product, n) => product * n, 1);
  const data = new Float64Array(rows.length * size);
  for (const [i, row] of rows.entries()) data.set(all?.subarray(row * size, (row + 1) * size) ?? [], i * size);
  return { data, shape };
}
