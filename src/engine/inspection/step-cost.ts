import { EngineError } from '../errors.js';
import { loadNetwork } from '../models/load-network.js';
import type { TaskInfo } from '../models/model-info.js';
import type { Network } from '../models/network.js';
import type { ModelFile } from '../models/read-model-source.js';
import type { RuntimeOptions } from '../models/runtime-options.js';
import { labelSize } from '../runs/labels.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** What a step of an attack costs, with the default losses of all tasks that have a gradient. */
export interface StepCost {
  /** With the batch axis. */
  readonly inputShape: Shape;
  readonly tasks: readonly string[];
  /** Multiplications of convolutions and matrix products, forward, of one example. */
  readonly multiplyAdds: number;
  /** Estimate of what the program keeps. */
  readonly memoryBytes: number;
  readonly compileMs: number;
  readonly forwardMs: number;
  /** Forward and backward. */
  readonly stepMs: number;
}

const RUNS = 5;

/**
 * Compiles a model as its `model.yaml` says and times it on grey pixels.
 *
 * @param inputShape with the batch axis
 * @throws EngineError. Thrown when the model does not load, or no task has a gradient.
 */
export async function stepCost(
  model: ModelFile,
  configText: string,
  inputShape: Shape,
  options: { readonly runtime: RuntimeOptions; readonly memoryBudgetBytes: number },
): Promise<StepCost> {
  const source = { name: 'model', version: '1', configText, ...model };
  const network = await loadNetwork(source, { role: 'attack', ...options });
  try {
    const tasks = network.info.tasks.filter(({ attackable }) => attackable);
    if (tasks.length === 0) {
      const reasons = network.info.tasks.flatMap(({ gradientObstacles }) => gradientObstacles);
      throw new EngineError('GRADIENT_UNAVAILABLE', `expected a task with a gradient, but ${reasons.join('; ')}`);
    }
    return await measure(network, tasks, inputShape);
  } finally {
    await network.dispose();
  }
}

async function measure(network: Network, tasks: readonly TaskInfo[], inputShape: Shape): Promise<StepCost> {
  const [batchSize = 1, ...exampleShape] = inputShape;
  const plan = await network.plan(exampleShape);
  const start = performance.now();
  const program = await network.program({
    tasks: tasks.map(({ name, loss }) => ({ task: name, loss })),
    inputShape: exampleShape,
    batchSize,
  });
  const compileMs = performance.now() - start;
  const pixels: Tensor = { data: new Float32Array(sizeOf(inputShape)).fill(128), shape: inputShape };
  const outputs = await network.predict(pixels, new Map());
  const sizes = tasks.map(
    (task) => [task.name, batchSize * labelSize(task, outputs.get(task.name) as Tensor)] as const,
  );
  const step = () =>
    program.run({
      pixels,
      extraInputs: new Map(),
      weights: new Float32Array(batchSize * tasks.length).fill(1),
      isBalanced: false,
      labels: new Map(sizes.map(([name, size]) => [name, new Float32Array(size)])),
      valid: new Map(sizes.map(([name, size]) => [name, new Uint8Array(size).fill(1)])),
    });
  return {
    inputShape,
    tasks: tasks.map(({ name }) => name),
    multiplyAdds: plan.multiplyAdds,
    memoryBytes: plan.memoryBytes(batchSize),
    compileMs,
    forwardMs: await medianMs(RUNS, () => network.predict(pixels, new Map())),
    stepMs: await medianMs(RUNS, step),
  };
}

/** The median time of so many calls, after one to warm up. */
export async function medianMs(count: number, call: () => Promise<unknown>): Promise<number> {
  const millis: number[] = [];
  await call();
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await call();
    millis.push(performance.now() - start);
  }
  return millis.toSorted((a, b) => a - b)[Math.floor(count / 2)] as number;
}
