import {
  type Dataset,
  EngineError,
  type JobInput,
  type ModelInfo,
  resolveGradientNormSpec,
} from '../../engine/index.js';
import type { Lane } from '../../host/index.js';
import type { GradientCellPlan } from './cell-plan.js';
import type { GradientCellResult } from './cell-result.js';
import { callOptions, inputsOf } from './lane-target.js';
import type { MeasuringContext } from './measure-attack.js';

type GradientExample = GradientCellResult['examples'][number];

/**
 * Measures gradients at the first examples of a dataset, one example at a time, so that each has norms of its own.
 *
 * @throws EngineError as `gradientNorm` does.
 */
export async function measureGradients(
  cell: GradientCellPlan,
  lane: Lane,
  info: ModelInfo,
  dataset: Dataset,
  { signal, now, onProgress }: MeasuringContext,
): Promise<GradientCellResult> {
  const start = now();
  const keys = dataset.keys.slice(0, cell.limit);
  const examples: GradientExample[] = [];
  for (const key of keys) {
    const [input] = await inputsOf([await dataset.read(key)], info);
    if (input === undefined) throw new EngineError('INTERNAL', `expected an input of ${key}, got none`);
    examples.push(await gradientsOf(cell, lane, info, input, signal));
    onProgress(examples.length / keys.length);
  }
  return { kind: 'gradients', examples, seconds: (now() - start) / 1000 };
}

async function gradientsOf(
  { tasks, seed, sweep }: GradientCellPlan,
  lane: Lane,
  info: ModelInfo,
  input: JobInput,
  signal: AbortSignal,
): Promise<GradientExample> {
  const [sweptTask = ''] = tasks;
  const counting = input.labels.get(sweptTask)?.valid.reduce((sum, one) => sum + one, 0) ?? 0;
  // An example with fewer outputs than that gives all that it has.
  const outputCounts = (sweep?.outputCounts ?? []).map((count) => Math.min(count, counting));
  const request = {
    tasks: tasks.map((task) => ({ task })),
    labelFree: false,
    seed,
    batchSize: undefined,
    sweep: sweep && { task: sweptTask, outputCounts, draws: sweep.draws },
  };
  const spec = resolveGradientNormSpec(request, info, new Set(input.labels.keys()));
  const order = tasks.map((task) => spec.tasks.findIndex((one) => one.task === task));
  const norms: number[] = [];
  let gram: readonly number[] = [];
  for await (const event of lane.gradientNorm(info, { spec, inputs: [input], labelFree: false }, callOptions(signal))) {
    if (event.type === 'result') gram = event.result.gram;
    if (event.type === 'sweep-point') norms.push(event.point.meanL2);
  }
  const size = order.length;
  return {
    key: input.key,
    // Rows come in the order of the model: the plan has its own.
    gram: order.flatMap((i) => order.map((j) => gram[i * size + j] ?? Number.NaN)),
    sweep: norms,
  };
}
