import { EngineError } from '../../errors.js';
import { decodeModel } from '../../onnx/decode-model.js';
import type { GraphDef, ModelDef, TensorValue } from '../../onnx/graph.js';
import { importModel } from '../../onnx/import/import-model.js';
import { simplify } from '../../onnx/simplify.js';
import { float32Tensor } from '../../onnx/tensor-value.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { ModelConfig } from '../model-config.js';
import type { ModelSource } from '../model-source.js';
import type { ExtraInputs, Network, Plan, ProgramRequest } from '../network.js';
import { normalise } from '../preprocessing.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { type Definition, define } from './definition.js';
import { outputOf } from './describe-tasks.js';
import { readExternalFrom } from './external-files.js';
import { type CompiledProgram, compileProgram } from './gradient-program.js';
import { type OriginalFeed, openOriginal, runOriginal } from './original.js';
import { planOf } from './plan.js';
import { ProgramCache } from './program-cache.js';
import type { Session } from './session.js';
import { specialise } from './specialise.js';

/** Goes up whenever a program may compute other bits than before. */
const PROGRAM_VERSION = 'onnx-1';

export interface OnnxNetworkOptions {
  readonly runtime: RuntimeOptions;
  /** Most memory that programs may take, in bytes. */
  readonly memoryBudgetBytes: number;
}

/**
 * A model that ONNX Runtime runs: its original bytes for predictions, and programs made from them for gradients.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the file and `model.yaml` make no model.
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when ONNX Runtime does not load.
 */
export async function openOnnxNetwork(
  source: ModelSource,
  config: ModelConfig,
  options: OnnxNetworkOptions,
): Promise<Network> {
  const decoded = decodeModel(source.file, readExternalFrom(source.externalFiles));
  const imported = importModel(decoded);
  const tensors = config.tasks.map(outputOf);
  const original = await openOriginal(
    source,
    tensors,
    decoded.graph.outputs.map(({ name }) => name),
    options.runtime,
  );
  try {
    const outputs = original.outputs.filter(({ name }) => tensors.includes(name));
    return networkOf(define(source, config, imported, original.inputs, outputs), original, options);
  } catch (error) {
    await original.release();
    throw error;
  }
}

function networkOf(definition: Definition, original: Session, options: OnnxNetworkOptions): Network {
  const { info, config, preprocessing, imported } = definition;
  const { runtime, memoryBudgetBytes } = options;
  const programs = new ProgramCache<CompiledProgram>(memoryBudgetBytes);
  const plans = new Map<string, Plan>();
  const outputs = new Map(info.tasks.map(({ name, output }) => [name, output]));

  async function plan(inputShape: Shape): Promise<Plan> {
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

  async function compile(request: ProgramRequest): Promise<CompiledProgram> {
    const sizeBytes = (await plan(request.inputShape)).memoryBytes(request.batchSize);
    if (sizeBytes > memoryBudgetBytes) {
      throw new EngineError(
        'MEMORY_BUDGET_EXCEEDED',
        `expected a gradient program of at most ${megabytes(memoryBudgetBytes)}, got one of about ${megabytes(sizeBytes)} for ` +
          `${request.batchSize} examples of shape [${request.inputShape}]`,
      );
    }
    await programs.makeRoom(sizeBytes);
    const model = withConstants(imported, config);
    const wanted = request.tasks.map(({ task }) => outputs.get(task) ?? task);
    const network = await specialise(model, {
      inputShapes: shapesOf(model.graph, definition, [request.batchSize, ...request.inputShape]),
      outputs: [...new Set(wanted)],
      runtime,
    });
    return await compileProgram(definition, simplify(network), request, sizeBytes, runtime);
  }

  return {
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
      const feeds = original.inputs.map(
        (input): OriginalFeed => ({
          input,
          tensor: feedOf(input.name, normalise(pixels, preprocessing), extraInputs, definition),
        }),
      );
      const results = await runOriginal(original, feeds, [...new Set(outputs.values())], info.fixedBatch);
      return new Map([...outputs].map(([task, output]) => [task, results.get(output) as Tensor]));
    },
    async dispose() {
      await programs.clear();
      await original.release();
    },
  };
}

const keyOf = ({ tasks, inputShape, batchSize }: ProgramRequest): string =>
  JSON.stringify([tasks, inputShape, batchSize]);

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

function refuseShape(error: unknown, inputShape: Shape): never {
  if (!(error instanceof EngineError) || error.code !== 'INVALID_MODEL') throw error;
  throw new EngineError(
    'INVALID_REQUEST',
    `expected a shape that the model takes, got [${inputShape}]: ${error.message}`,
  );
}

function feedOf(
  name: string,
  input: Tensor,
  extraInputs: ExtraInputs,
  { info, config }: Definition,
): OriginalFeed['tensor'] {
  if (name === info.input.name) return input;
  const given = extraInputs.get(name);
  if (given !== undefined) return given;
  const other = config.otherInputs.find((candidate) => candidate.name === name);
  if (other === undefined || !('value' in other)) {
    throw new EngineError('INVALID_REQUEST', `expected a tensor for the input ${name}, got none`);
  }
  return { constant: [other.value].flat() };
}

/** The graph with the constants of `model.yaml` for inputs: what depends on them alone is folded away. */
function withConstants(model: ModelDef, { otherInputs }: ModelConfig): ModelDef {
  const constants = new Map(
    otherInputs.flatMap((other) => ('value' in other ? [[other.name, [other.value].flat()]] : [])),
  );
  const initializers = new Map(model.graph.initializers);
  const inputs = model.graph.inputs.filter((input) => {
    const value = constants.get(input.name) as number[] | undefined;
    if (value === undefined) return true;
    initializers.set(input.name, constantTensor(input.shape ?? [], value));
    return false;
  });
  return { ...model, graph: { ...model.graph, inputs, initializers } };
}

/** Axes of unknown length get length 1, which broadcasts. */
function constantTensor(shape: readonly (number | string)[], value: readonly number[]): TensorValue {
  const lengths = shape.map((n) => (typeof n === 'number' && n >= 0 ? n : 1));
  const size = sizeOf(lengths);
  const [first = 0] = value;
  return float32Tensor(value.length === 1 ? new Float32Array(size).fill(first) : Float32Array.from(value), lengths);
}

/** Shapes of all inputs for a batch: those that are not attacked as they are declared. */
function shapesOf(graph: GraphDef, { info }: Definition, attacked: Shape): ReadonlyMap<string, Shape> {
  const [batch = 1] = attacked;
  return new Map(
    graph.inputs.map((input): [string, Shape] => {
      if (input.name === info.input.name) return [input.name, attacked];
      const shape = (input.shape ?? []).map((n, axis) =>
        typeof n === 'number' && n >= 0 ? n : axis === 0 ? batch : 1,
      );
      return [input.name, shape];
    }),
  );
}
