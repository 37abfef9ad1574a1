import { EngineError } from '../errors.js';
import { findLoss } from '../losses/index.js';
import { loadNetwork } from '../models/load-network.js';
import type { TaskInfo } from '../models/model-info.js';
import type { ProviderName } from '../models/providers.js';
import type { ModelFile } from '../models/read-model-source.js';
import type { RuntimeOptions } from '../models/runtime-options.js';
import { hasClasses } from '../runs/payloads.js';
import type { NpyArray } from '../tensor/npy.js';
import { sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { medianMs } from './step-cost.js';

/** Which gradient is wanted. */
export interface GradientRequest {
  readonly model: ModelFile;
  /** What the model itself takes: shape [N, …]. */
  readonly input: NpyArray;
  /** Name of the graph input. Default: the only one. */
  readonly inputName: string | undefined;
  /** Numbers that the other inputs of the graph are filled with, by name. */
  readonly otherInputs: ReadonlyMap<string, number>;
  /** Classes of the output's shape without its class axis, or numbers of the output's shape. */
  readonly target: NpyArray;
  readonly loss: string;
  /** Tensor of the graph: an output, or one inside. */
  readonly output: string;
  /** Axis of the classes, counting the batch axis. */
  readonly classAxis: number;
  /** What the graph has already applied to its logits. */
  readonly activation: 'none' | 'softmax' | 'sigmoid';
  /** How the examples combine; the loss of each is a mean over its positions. */
  readonly reduction: 'sum' | 'mean';
  /** Class of the target that means "do not count this position". */
  readonly ignoreIndex: number | undefined;
  /** What computes. */
  readonly provider: ProviderName;
  readonly runtime: RuntimeOptions;
  readonly memoryBudgetBytes: number;
  /** How often each pass is timed: the median is told. */
  readonly timings: number;
}

export interface Gradient {
  /** Of all examples together. */
  readonly loss: number;
  readonly losses: readonly number[];
  /** ∂loss/∂input, shape of the input. */
  readonly gradient: Tensor;
  /** What the model gave for the output. */
  readonly output: Tensor;
  /** Milliseconds of a forward pass, and of a forward and backward pass, once everything is warm. */
  readonly forwardMs: number;
  readonly stepMs: number;
  /** Reasons why the gradient may not be what it seems, e.g. that it is 0 everywhere. */
  readonly warnings: readonly string[];
}

/** The whole range of levels: one of them is one unit of the model's own, so that nothing is scaled. */
const IDENTITY_RANGE = [0, 255] as const;

/**
 * One gradient of a file, without a model repository: the loss of each example by the model's own input.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when input or target do not fit the model.
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when the provider does not work here, or gets this model wrong.
 * @throws EngineError `INVALID_MODEL`, `UNSUPPORTED_OP`, `GRADIENT_UNAVAILABLE`, `MEMORY_BUDGET_EXCEEDED`.
 */
export async function computeGradient(request: GradientRequest): Promise<Gradient> {
  const { input, runtime, memoryBudgetBytes, loss, reduction } = request;
  const [count = 0, ...shape] = input.shape;
  const source = { name: 'model', version: '1', configText: JSON.stringify(configOf(request)), ...request.model };
  const network = await loadNetwork(source, { role: 'attack', runtime, memoryBudgetBytes });
  try {
    const [task] = network.info.tasks as [TaskInfo];
    const [obstacle] = task.gradientObstacles;
    if (obstacle !== undefined) throw new EngineError('GRADIENT_UNAVAILABLE', `expected a gradient, but ${obstacle}`);
    const program = await network.program({ tasks: [{ task: task.name, loss }], inputShape: shape, batchSize: count });
    const pixels = { data: Float32Array.from(input.data, Number), shape: input.shape };
    const output = (await network.predict(pixels, new Map())).get(task.name) as Tensor;
    const labels = labelsFor(request, task, output);
    const run = () =>
      program.run({
        pixels,
        extraInputs: new Map(),
        weights: new Float32Array(count).fill(reduction === 'mean' ? 1 / count : 1),
        isBalanced: false,
        labels: new Map([[task.name, labels]]),
        valid: new Map([[task.name, Uint8Array.from(labels, (label) => Number(label !== request.ignoreIndex))]]),
      });
    const { losses, gradient } = await run();
    const forwardMs = await medianMs(request.timings, () => network.predict(pixels, new Map()));
    const stepMs = await medianMs(request.timings, run);
    const perExample = [...losses.data];
    const sum = perExample.reduce((total, value) => total + value, 0);
    return {
      loss: reduction === 'mean' ? sum / count : sum,
      losses: perExample,
      gradient,
      output,
      forwardMs,
      stepMs,
      warnings: warningsOf(gradient, perExample, loss),
    };
  } finally {
    await network.dispose();
  }
}

function configOf({
  input,
  inputName,
  otherInputs,
  target,
  loss,
  output,
  classAxis,
  activation,
  provider,
}: GradientRequest): object {
  const { labels } = findLoss(loss);
  const kinds = {
    classes: target.shape.length === 1 ? 'classification' : 'semantic-segmentation',
    bits: 'multi-label',
  };
  const kind = labels === 'numbers' ? 'regression' : kinds[labels];
  if (input.shape.length < 2) {
    throw new EngineError('INVALID_REQUEST', `expected an input of rank 2 or more, got shape [${input.shape}]`);
  }
  return {
    providers: [provider],
    input: { kind: 'features', range: IDENTITY_RANGE, ...(inputName !== undefined && { name: inputName }) },
    otherInputs: [...otherInputs].map(([name, value]) => ({ name, value })),
    tasks: [{ name: 'output', output, kind, loss, activation, ...(labels === 'classes' && { classAxis }) }],
  };
}

function labelsFor({ target }: GradientRequest, task: TaskInfo, output: Tensor): Float32Array {
  const expected = hasClasses(task) ? output.shape.filter((_, axis) => axis !== task.classAxis + 1) : output.shape;
  if (sizeOf(expected) !== target.data.length || expected[0] !== target.shape[0]) {
    throw new EngineError('INVALID_REQUEST', `expected a target of shape [${expected}], got [${target.shape}]`);
  }
  return Float32Array.from(target.data, Number);
}

function warningsOf({ data }: Tensor, losses: readonly number[], loss: string): readonly string[] {
  const warnings: string[] = [];
  const allFinite = data.every((value) => Number.isFinite(value));
  if (!allFinite) warnings.push('the gradient holds infinite or NaN elements: an operator left the range of float32');
  if (data.every((value) => value === 0)) {
    const isAtTarget = (loss === 'l1' || loss === 'mse') && losses.every((value) => value === 0);
    warnings.push(
      isAtTarget
        ? 'the gradient is 0 everywhere: the output equals the target'
        : 'the gradient is 0 everywhere: the loss is saturated, or every position is ignored',
    );
  }
  return warnings;
}
