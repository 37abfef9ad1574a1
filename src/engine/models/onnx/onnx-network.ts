import { EngineError } from '../../errors.js';
import { decodeModel } from '../../onnx/decode-model.js';
import type { StaticGraph } from '../../onnx/graph.js';
import { simplify } from '../../onnx/simplify.js';
import type { Shape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { outputOf } from '../describe-tasks.js';
import { requireFit } from '../memory-budget.js';
import type { ModelConfig } from '../model-config.js';
import { type ModelSource, sourceBytes } from '../model-source.js';
import type { ExtraInputs, Network, Plan, ProgramRequest } from '../network.js';
import { normalise } from '../preprocessing.js';
import type { ProviderName } from '../providers.js';
import { rawConstant, runRaw } from '../raw.js';
import { feedOf, type OriginalFeed, runOriginal } from '../run-original.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { countClasses } from './count-classes.js';
import { type Definition, define } from './definition.js';
import { sampleInputs } from './disagreement.js';
import { readExternalFrom } from './external-files.js';
import { compareWithOriginal, hasFewerBits } from './faithfulness.js';
import { type CompiledProgram, compileProgram } from './gradient-program.js';
import { shapesOf } from './input-shapes.js';
import { openOnFirstThatWorks } from './open-on-provider.js';
import { openOriginal, type RestingSession, restingSession } from './original.js';
import { planOf, planOfOriginal } from './plan.js';
import { ProgramCache } from './program-cache.js';
import { decidedOnce, importOrRefuse, withConstants } from './read-graph.js';
import type { Session } from './session.js';
import { specialise } from './specialise.js';
import { gapsIn } from './webgpu-gaps.js';

/** Goes up whenever a program may compute other bits than before. */
const PROGRAM_VERSION = 'onnx-1';

export interface OnnxNetworkOptions {
  readonly runtime: RuntimeOptions;
  /** Whether gradients will be asked for: then the rewritten graph is held against the original at once. */
  readonly role: 'serve' | 'attack';
  /** Most memory that programs may take, in bytes. */
  readonly memoryBudgetBytes: number;
}

/**
 * A model that ONNX Runtime runs: its original bytes for predictions, and programs made from them for gradients.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the file and `model.yaml` make no model.
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when ONNX Runtime does not load, or no provider of `model.yaml` works.
 */
export async function openOnnxNetwork(
  source: ModelSource,
  config: ModelConfig,
  options: OnnxNetworkOptions,
): Promise<Network> {
  return await openOnFirstThatWorks(config, options.role, (provider, fallbacks) =>
    openOn({ provider, fallbacks }, source, config, options),
  );
}

/** A provider, and why none that is preferred to it. */
interface Place {
  readonly provider: ProviderName;
  readonly fallbacks: readonly string[];
}

async function openOn(
  { provider, fallbacks }: Place,
  source: ModelSource,
  config: ModelConfig,
  options: OnnxNetworkOptions,
): Promise<Network> {
  const decoded = decodeModel(source.file, readExternalFrom(source.externalFiles));
  const { imported, refusal } = importOrRefuse(decoded);
  const tensors = config.tasks.map(outputOf);
  const names = decoded.graph.outputs.map(({ name }) => name);
  const cpuNodes = provider === 'webgpu' ? gapsIn(decoded.graph.nodes, decoded.graph.initializers) : [];
  const placement = { ...options.runtime, provider, cpuNodes };
  // Attacks need it for their final scores only: what a run takes is given back, and between them all of it may be.
  const isServed = options.role === 'serve';
  const open = () => openOriginal(source, tensors, names, { ...placement, keepsMemory: isServed });
  const first = await open().catch((error) => {
    throw refusal ?? error; // ours says more
  });
  const original = restingSession(first, open);
  try {
    const declared = original.outputs.filter(({ name }) => tensors.includes(name));
    const declaredByGraph = original.outputs.filter(({ name }) => names.includes(name));
    const outputs = await countClasses(original, declared, config);
    const judged = refusal === undefined ? await decidedOnce(imported, config, options.runtime) : imported;
    const reading = { imported, judged, refusal: refusal?.message };
    const definition = withPlace(
      define(source, config, reading, original.inputs, outputs, declaredByGraph),
      provider,
      fallbacks,
    );
    const isNarrow = hasFewerBits(decoded.graph);
    const { shape } = definition.info.input;
    const openUnoptimised = () => openOriginal(source, tensors, names, options.runtime, 'disabled');
    const reader: Reader = { original, openUnoptimised };
    const opened = openNetwork(definition, reader, isNarrow, options);
    // Elsewhere the network is held against the same on the CPU, which is held against the original.
    if (isServed) return opened.network;
    const problem = provider !== 'cpu' || shape.includes(-1) ? undefined : await opened.unfaithfulness(shape);
    await original.rest();
    if (problem === undefined) return opened.network;
    return openNetwork(withObstacle(definition, problem), reader, isNarrow, options).network;
  } catch (error) {
    await original.release();
    throw error;
  }
}

const withPlace = (
  definition: Definition,
  provider: ProviderName,
  providerFallbacks: readonly string[],
): Definition => ({ ...definition, info: { ...definition.info, provider, providerFallbacks: [...providerFallbacks] } });

/** The same with a reason for which no task can be attacked. */
const withObstacle = (definition: Definition, problem: string): Definition => {
  const tasks = definition.info.tasks.map((task) => ({
    ...task,
    attackable: false,
    gradientObstacles: [...task.gradientObstacles, problem],
  }));
  return { ...definition, info: { ...definition.info, tasks } };
};

/** A network, and a way to ask whether its gradients would be those of the original. */
interface Opened {
  readonly network: Network;
  /** What is wrong with the rewritten graph at an input shape; `undefined` where nothing is. */
  unfaithfulness(inputShape: Shape): Promise<string | undefined>;
}

/** Sessions of the original bytes. */
interface Reader {
  readonly original: RestingSession;
  /** One more, that runs node by node. */
  openUnoptimised(): Promise<Session>;
}

function openNetwork(
  definition: Definition,
  { original, openUnoptimised }: Reader,
  isNarrow: boolean,
  options: OnnxNetworkOptions,
): Opened {
  const { info, config, preprocessing, imported } = definition;
  const { runtime, memoryBudgetBytes } = options;
  const programs = new ProgramCache<CompiledProgram>(memoryBudgetBytes);
  const plans = new Map<string, Plan>();
  const outputs = new Map(info.tasks.map(({ name, output }) => [name, output]));

  async function plan(inputShape: Shape): Promise<Plan> {
    if (!definition.isDifferentiable) return planOfOriginal(info, definition.source.file.length);
    const key = inputShape.join('×');
    const known = plans.get(key);
    if (known !== undefined) return known;
    const examples = info.fixedBatch ?? 1;
    const model = withConstants(imported, config);
    const shapes = shapesOf(model.graph, definition, [examples, ...inputShape]);
    const made = await planOf(model, shapes, outputs, examples, runtime).catch((error) =>
      refuseShape(error, inputShape),
    );
    plans.set(key, made);
    return made;
  }

  // What was compared with the original is most often what the first program is made of.
  let compared: { readonly key: string; readonly graph: StaticGraph } | undefined;

  async function specialised(shape: Shape, wanted: readonly string[]): Promise<StaticGraph> {
    const outputs = [...new Set(wanted)];
    if (compared?.key === graphKey(shape, outputs)) return compared.graph;
    const model = withConstants(imported, config);
    return simplify(
      await specialise(model, { inputShapes: shapesOf(model.graph, definition, shape), outputs, runtime }),
    );
  }

  const predict = (pixels: Tensor, extraInputs: ExtraInputs) => predictIn(original, pixels, extraInputs);

  async function predictIn(
    session: Session,
    pixels: Tensor,
    extraInputs: ExtraInputs,
  ): Promise<ReadonlyMap<string, Tensor>> {
    const feeds = session.inputs.map(
      (input): OriginalFeed => ({
        input,
        tensor: feedOf(input.name, normalise(pixels, preprocessing), extraInputs, definition),
      }),
    );
    return await runOriginal(session, feeds, [...new Set(outputs.values())], info.fixedBatch);
  }

  const problems = new Map<string, string | undefined>();

  async function unfaithfulness(inputShape: Shape): Promise<string | undefined> {
    const key = inputShape.join('×');
    if (problems.has(key)) return problems.get(key);
    const wanted = info.tasks.filter(({ attackable }) => attackable).map(({ output }) => output);
    const shape = [info.fixedBatch ?? 1, ...inputShape];
    const extraInputs = sampleInputs(info, shape[0] as number);
    const graph = wanted.length === 0 ? undefined : await specialised(shape, wanted);
    compared = graph && { key: graphKey(shape, [...new Set(wanted)]), graph };
    const { worst } =
      graph === undefined
        ? { worst: undefined }
        : await compareWithOriginal({
            network: graph,
            input: info.input.name,
            shape,
            extraInputs,
            original: (levels) => predict(levels, extraInputs),
            async unoptimised(levels) {
              const session = await openUnoptimised();
              try {
                return await predictIn(session, levels, extraInputs);
              } finally {
                await session.release();
              }
            },
            normalise: (levels) => normalise(levels, preprocessing),
            isCoarse: isNarrow || info.provider !== 'cpu',
            runtime,
            provider: info.provider,
          });
    const problem =
      worst &&
      `the graph that gradients are taken of differs from the original by ${worst.difference.toPrecision(3)} in ${worst.output}, ` +
        `whose largest element is ${worst.largest.toPrecision(3)}`;
    problems.set(key, problem);
    return problem;
  }

  async function compile(request: ProgramRequest): Promise<CompiledProgram> {
    if (!definition.isDifferentiable) {
      const [reason] = info.tasks.flatMap(({ gradientObstacles }) => gradientObstacles);
      throw new EngineError('GRADIENT_UNAVAILABLE', `expected a graph that can be differentiated, but ${reason}`);
    }
    const sizeBytes = (await plan(request.inputShape)).memoryBytes(request.batchSize);
    requireFit(sizeBytes, memoryBudgetBytes, request.batchSize, request.inputShape);
    await programs.makeRoom(sizeBytes);
    const problem = await unfaithfulness(request.inputShape);
    if (problem !== undefined)
      throw new EngineError('GRADIENT_UNAVAILABLE', `expected faithful gradients, but ${problem}`);
    const wanted = request.tasks.map(({ task }) => outputs.get(task) ?? task);
    const shape = [request.batchSize, ...request.inputShape];
    const graph = await specialised(shape, wanted);
    compared = undefined;
    return await compileProgram(definition, graph, request, sizeBytes, runtime);
  }

  const network: Network = {
    info,
    config,
    programVersion: PROGRAM_VERSION,
    normalise: (pixels) => normalise(pixels, preprocessing),
    plan,
    hasProgram: (request) => programs.has(keyOf(request)),
    async program(request) {
      const key = keyOf(request);
      const known = programs.get(key);
      if (known !== undefined) return known;
      const compiled = await compile(request);
      programs.add(key, compiled);
      return compiled;
    },
    async predict(pixels, extraInputs) {
      const results = await predict(pixels, extraInputs);
      return new Map([...outputs].map(([task, output]) => [task, results.get(output) as Tensor]));
    },
    async infer(feeds, fetches) {
      const constants = definition.info.signature.inputs.filter(
        ({ name, hasDefault }) => hasDefault && !feeds.has(name),
      );
      const given = new Map(constants.map(({ name }) => [name, rawConstant(original.inputs, name, config)]));
      return await runRaw(original, new Map([...given, ...feeds]), fetches);
    },
    // The files, and about as much for the session of the original.
    keptBytes: () => 2 * sourceBytes(definition.source) + programs.usedBytes,
    async dispose() {
      await programs.clear();
      await original.release();
    },
  };
  return { network, unfaithfulness };
}

const keyOf = ({ tasks, inputShape, batchSize }: ProgramRequest): string =>
  JSON.stringify([tasks, inputShape, batchSize]);

const graphKey = (shape: Shape, outputs: readonly string[]): string => JSON.stringify([shape, outputs]);

function refuseShape(error: unknown, inputShape: Shape): never {
  if (!(error instanceof EngineError) || error.code !== 'INVALID_MODEL') throw error;
  throw new EngineError(
    'INVALID_REQUEST',
    `expected a shape that the model takes, got [${inputShape}]: ${error.message}`,
  );
}
