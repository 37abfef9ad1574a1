import { type DifferentiateOptions, differentiate } from '../../../autodiff/differentiate.js';
import { scale } from '../../../autodiff/emit.js';
import { EngineError } from '../../../errors.js';
import type { GrowingGraph } from '../../../onnx/builder.js';
import type { StaticGraph, Value } from '../../../onnx/graph.js';
import type { Shape } from '../../../tensor/shape.js';
import type { RuntimeOptions } from '../../runtime-options.js';
import type { PixelProgram, TrainingInput, TrainingProgram, TrainingRequest, TrainingStep } from '../../trainable.js';
import { createStaticSession } from '../create-static-session.js';
import type { Definition } from '../definition.js';
import { tensorOf, unreached } from '../gradient-program.js';
import { feedsOf, type LossGraph, lossGraph, NAMES } from '../loss-graph.js';
import { runProbes } from '../probes.js';
import type { RuntimeTensor } from '../session.js';
import { type NormStatistics, withBatchStatistics } from './batch-statistics.js';

/** Behind each: the name of the weight. */
const PREFIXES = { gradient: 'robustgate:gradient:', statistics: 'robustgate:statistics:' } as const;

/** A network whose weights are inputs, specialised to the shape of a request. */
export interface TrainedNetwork {
  readonly definition: Definition;
  readonly graph: StaticGraph;
  /** Names of its inputs that are parameters. */
  readonly parameters: readonly string[];
  /** Names of its inputs that are running statistics. */
  readonly statistics: ReadonlySet<string>;
}

/**
 * Losses and their derivative by the parameters.
 *
 * @throws EngineError `UNSUPPORTED_OP`, `GRADIENT_UNAVAILABLE`. Thrown when there is no gradient.
 */
export async function compileTraining(
  network: TrainedNetwork,
  request: TrainingRequest,
  runtime: RuntimeOptions,
): Promise<TrainingProgram> {
  const { run, dispose } = await compile(network, request, network.parameters, runtime);
  return {
    batchSize: request.batchSize,
    async run(input) {
      const results = await run(input);
      return { ...shared(results), gradients: under(results, PREFIXES.gradient) };
    },
    dispose,
  };
}

/**
 * Losses and their derivative by the pixels.
 *
 * @throws EngineError `UNSUPPORTED_OP`, `GRADIENT_UNAVAILABLE`. Thrown when there is no gradient.
 */
export async function compilePixels(
  network: TrainedNetwork,
  request: TrainingRequest,
  runtime: RuntimeOptions,
): Promise<PixelProgram> {
  const { run, dispose } = await compile(network, request, [NAMES.pixels], runtime);
  return {
    batchSize: request.batchSize,
    async run(input) {
      const results = await run(input);
      return { ...shared(results), gradient: tensorOf(results, PREFIXES.gradient + NAMES.pixels) };
    },
    dispose,
  };
}

/** Losses, their derivative by each of `inputs`, and the statistics of the batch, as one session. */
async function compile(
  network: TrainedNetwork,
  request: TrainingRequest,
  inputs: readonly string[],
  runtime: RuntimeOptions,
): Promise<Stateful> {
  const { joined, norms, gradients } = await derived(network, request, inputs, runtime);
  const { builder, outputs } = joined;
  const named = [...gradients].map(([name, value]) => builder.named(value, PREFIXES.gradient + name));
  const statistics = statisticsOutputs(builder, norms, network.statistics);
  return await stateful(builder.finish([...outputs(), ...named, ...statistics]), network, runtime);
}

/** What the programs have in common. */
const shared = (
  results: ReadonlyMap<string, RuntimeTensor>,
): Pick<TrainingStep, 'losses' | 'scores' | 'statistics'> => ({
  losses: tensorOf(results, NAMES.losses),
  scores: tensorOf(results, NAMES.scores),
  statistics: under(results, PREFIXES.statistics),
});

interface Derived {
  readonly joined: LossGraph;
  readonly norms: readonly NormStatistics[];
  readonly gradients: ReadonlyMap<string, Value>;
}

async function derived(
  { graph, definition }: TrainedNetwork,
  request: TrainingRequest,
  inputs: readonly string[],
  runtime: RuntimeOptions,
): Promise<Derived> {
  const trained = request.batchNorm === 'batch' ? withBatchStatistics(graph) : undefined;
  const joined = lossGraph(definition, trained?.graph ?? graph, request);
  const { forward, builder, seeds, stopped } = joined;
  const options: DifferentiateOptions = {
    graph: forward,
    builder,
    seeds,
    inputs,
    stopped,
    rules: trained?.rules ?? new Map(),
    probes: await runProbes(forward, runtime),
  };
  const { gradients, cuts } = differentiate(options);
  if (gradients.size === 0) throw unreached(inputs[0] === NAMES.pixels ? 'the pixels' : 'any weight', cuts);
  return { joined, norms: trained?.norms ?? [], gradients };
}

/** By the name of each running mean and variance what the batch has; that of several norms which share one is their mean. */
function statisticsOutputs(
  g: GrowingGraph,
  norms: readonly NormStatistics[],
  statistics: ReadonlySet<string>,
): readonly Value[] {
  const all = new Map<string, Value[]>();
  for (const { running, mean, variance, count } of norms) {
    all.set(running.mean, [...(all.get(running.mean) ?? []), mean]);
    const unbiased = scale(g, variance, count / (count - 1));
    all.set(running.variance, [...(all.get(running.variance) ?? []), unbiased]);
  }
  return [...all].flatMap(([name, [first, ...rest]]) => {
    if (first === undefined || !statistics.has(name)) return [];
    const sum = rest.reduce((total, each) => g.op('Add', [total, each]), first);
    return [g.named(scale(g, sum, 1 / (1 + rest.length)), PREFIXES.statistics + name)];
  });
}

interface Stateful {
  run(input: TrainingInput): Promise<ReadonlyMap<string, RuntimeTensor>>;
  dispose(): Promise<void>;
}

/** A session whose weights come with every call. */
async function stateful(
  graph: StaticGraph,
  { definition, parameters, statistics }: TrainedNetwork,
  runtime: RuntimeOptions,
): Promise<Stateful> {
  const isRead = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  const inputs = graph.inputs.filter(({ name }) => isRead.has(name));
  const session = await createStaticSession({ ...graph, inputs }, runtime, definition.info.provider);
  const shapes = new Map(inputs.map(({ name, shape }): [string, Shape] => [name, shape]));
  const weights = [...parameters, ...statistics].filter((name) => shapes.has(name));
  const fetches = graph.outputs.map(({ name }) => name);
  return {
    async run(input) {
      const feeds = feedsOf(shapes, input);
      for (const name of weights) {
        const data = input.state.get(name);
        if (data === undefined) throw new EngineError('INVALID_REQUEST', `expected numbers of ${name}, got none`);
        feeds.set(name, { dataType: 'float32', shape: shapes.get(name) ?? [], data });
      }
      return await session.run(feeds, fetches);
    },
    dispose: () => session.release(),
  };
}

/** The results whose names begin so, by the rest of it. */
const under = (results: ReadonlyMap<string, RuntimeTensor>, prefix: string): ReadonlyMap<string, Float32Array> =>
  new Map(
    [...results].flatMap(([name, { data }]): [string, Float32Array][] =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), data as Float32Array]] : [],
    ),
  );
