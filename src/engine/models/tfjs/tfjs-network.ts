import { EngineError } from '../../errors.js';
import type { Shape } from '../../tensor/shape.js';
import type { Tensor as FloatTensor } from '../../tensor/tensor.js';
import { attackedInput, channelsOf, describeInput } from '../describe-input.js';
import { outputOf } from '../describe-tasks.js';
import type { RuntimeTensor } from '../graph-value.js';
import { requireFit } from '../memory-budget.js';
import type { ModelConfig } from '../model-config.js';
import { type ModelSource, sourceBytes } from '../model-source.js';
import type { Network, Plan, ProgramRequest } from '../network.js';
import { normalise, preprocessingOf } from '../preprocessing.js';
import type { TfjsBackend } from '../providers.js';
import { rawConstant, runRaw } from '../raw.js';
import { feedOf, type OriginalFeed, runOriginal } from '../run-original.js';
import { describeModel, sampleShape } from './describe-model.js';
import { type Feeding, forward, fromRuntime, runtimeTensorOf, sampleExtras } from './inputs.js';
import { openFirstThatWorks } from './open-backend.js';
import { openGraph, type TfjsGraph } from './open-graph.js';
import { refusalOf } from './refusals.js';
import { type Tensor, type TfjsRuntime, useBackend } from './runtime.js';
import { type Differentiable, tfjsProgram } from './tfjs-program.js';
import { activationBytes, multiplyAdds, type Trace, traceForward } from './trace.js';

/** Goes up whenever a program may compute other bits than before. */
const PROGRAM_VERSION = 'tfjs-1';

/**
 * How many times as long a backend takes for a multiplication as ONNX Runtime on two cores: rough, and constant, for from it
 * come batch sizes, which decide the last bits of a result.
 */
const SLOWNESS: Readonly<Record<TfjsBackend, number>> = { tensorflow: 2, webgpu: 1, wasm: 24, cpu: 400 };

/** The record of a pass keeps every activation, and the way back about as many cotangents. */
const MEMORY_FACTOR = 3;

export interface TfjsNetworkOptions {
  /** Most memory that a step may take, in bytes. */
  readonly memoryBudgetBytes: number;
  /** Told what operators should know: kernels that the CPU computes instead of the backend. */
  warn?(message: string): void;
}

/**
 * A model that TensorFlow.js runs, on the first of its backends that works here.
 *
 * @throws EngineError `INVALID_MODEL`, `UNSUPPORTED_OP`. Thrown when the files and `model.yaml` make no model that TF.js runs.
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when no backend of `model.yaml` works.
 */
export async function openTfjsNetwork(
  source: ModelSource,
  config: ModelConfig,
  options: TfjsNetworkOptions,
): Promise<Network> {
  const warn = options.warn ?? (() => undefined);
  const { runtime, fallbacks } = await openFirstThatWorks(config.backends, warn);
  useBackend(runtime);
  const graph = await openGraph(runtime, source);
  try {
    return openNetwork(runtime, graph, source, config, { ...options, fallbacks });
  } catch (error) {
    graph.dispose();
    throw error;
  }
}

function openNetwork(
  runtime: TfjsRuntime,
  graph: TfjsGraph,
  source: ModelSource,
  config: ModelConfig,
  { memoryBudgetBytes, fallbacks }: TfjsNetworkOptions & { readonly fallbacks: readonly string[] },
): Network {
  const { tf } = runtime;
  const attacked = attackedInput(config.input, graph.inputs, config.otherInputs);
  if (attacked.dataType === 'bool')
    throw new EngineError('INVALID_MODEL', `expected numbers in the attacked input ${attacked.name}, got bool`);
  const input = describeInput(config.input, attacked);
  const preprocessing = preprocessingOf(config.input, channelsOf(input));
  const names = [...new Set([...config.tasks.map(outputOf), ...graph.outputs.map((output) => output.name)])];
  const [batch] = attacked.shape;
  const fixedBatch = typeof batch === 'number' && batch > 0 ? batch : undefined;

  const feeding: Feeding = { runtime, graph, config, attacked: attacked.name, preprocessing };

  const trace = (inputShape: Shape): Trace => {
    useBackend(runtime);
    const extra = sampleExtras(config, graph.inputs, fixedBatch ?? 1);
    return traceForward(tf, [fixedBatch ?? 1, ...inputShape], (pixels) => {
      const results = forward(feeding, pixels, extra, names);
      return new Map(names.map((name, i) => [name, results[i] as Tensor]));
    });
  };

  const sampled = sampleShape(input);
  const first = refusing('INVALID_MODEL', () => trace(sampled));
  const { name, version, sha256 } = source;
  const known = {
    name,
    version,
    sha256,
    provider: runtime.backend,
    providerFallbacks: [...fallbacks],
    input,
    fixedBatch,
  };
  const info = describeModel(known, graph, config, first);
  const outputs = new Map(info.tasks.map((task) => [task.name, task.output]));
  const differentiable: Differentiable = {
    runtime,
    info,
    config,
    forward(pixels, extraInputs, tasks) {
      const wanted = tasks.map((task) => outputs.get(task) ?? task);
      return forward(feeding, pixels, extraInputs, wanted);
    },
  };

  const plans = new Map<string, Plan>();
  function plan(inputShape: Shape): Plan {
    const key = inputShape.join('×');
    const made =
      plans.get(key) ??
      planOf(refusing('INVALID_REQUEST', () => (key === sampled.join('×') ? first : trace(inputShape))));
    plans.set(key, made);
    return made;
  }

  const planOf = (pass: Trace): Plan => {
    const examples = fixedBatch ?? 1;
    const activations = activationBytes(pass) / examples;
    return {
      multiplyAdds: (multiplyAdds(pass) / examples) * SLOWNESS[runtime.backend],
      memoryBytes: (batchSize) => activations * batchSize * MEMORY_FACTOR + 3 * graph.weightBytes,
      outputShapes: new Map(
        [...outputs].map(([task, output]) => [task, pass.outputs.get(output)?.shape.slice(1) ?? []]),
      ),
    };
  };

  /** The graph as the original runs: whole, without a record. */
  const runnable = {
    async run(
      feeds: ReadonlyMap<string, RuntimeTensor>,
      fetches: readonly string[],
    ): Promise<ReadonlyMap<string, RuntimeTensor>> {
      useBackend(runtime);
      const results = tf.tidy(() => [
        ...graph.run(new Map([...feeds].map(([name, tensor]) => [name, fromRuntime(runtime, tensor)])), fetches),
      ]);
      try {
        const read = await Promise.all(results.map((tensor, i) => runtimeTensorOf(fetches[i] ?? '', tensor)));
        return new Map(fetches.map((name, i) => [name, read[i] as RuntimeTensor]));
      } finally {
        tf.dispose(results);
      }
    },
  };

  const programs = new Set<string>();
  return {
    info,
    config,
    programVersion: PROGRAM_VERSION,
    async predict(pixels, extraInputs) {
      const feeds = graph.inputs.map(
        (value): OriginalFeed => ({
          input: value,
          tensor: feedOf(value.name, normalise(pixels, preprocessing), extraInputs, { info, config }),
        }),
      );
      const results = await runOriginal(runnable, feeds, [...new Set(outputs.values())], fixedBatch);
      return new Map([...outputs].map(([task, output]) => [task, results.get(output) as FloatTensor]));
    },
    async infer(feeds, fetches) {
      const constants = info.signature.inputs.filter((value) => value.hasDefault && !feeds.has(value.name));
      const given = constants.map((value) => [value.name, rawConstant(graph.inputs, value.name, config)] as const);
      return await runRaw(runnable, new Map([...given, ...feeds]), fetches);
    },
    normalise: (pixels) => normalise(pixels, preprocessing),
    plan: async (inputShape) => plan(inputShape),
    hasProgram: (request) => programs.has(keyOf(request)),
    async program(request) {
      const sizeBytes = plan(request.inputShape).memoryBytes(request.batchSize);
      requireFit(sizeBytes, memoryBudgetBytes, request.batchSize, request.inputShape);
      const program = tfjsProgram(differentiable, request);
      programs.add(keyOf(request));
      return program;
    },
    // Programs keep nothing: they are functions over the weights.
    keptBytes: () => sourceBytes(source) + graph.weightBytes,
    async dispose() {
      graph.dispose();
    },
  };
}

const keyOf = ({ tasks, inputShape, batchSize }: ProgramRequest): string =>
  JSON.stringify([tasks, inputShape, batchSize]);

/** What `run` gives; what TF.js says of an input or a model that it does not run, in our words. */
function refusing<T>(code: 'INVALID_MODEL' | 'INVALID_REQUEST', run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw refusalOf(code, 'a model that runs on the input', cause);
  }
}
