import { EngineError } from '../../../errors.js';
import { decodeModel } from '../../../onnx/decode-model.js';
import type { GraphDef, ModelDef, TensorValue } from '../../../onnx/graph.js';
import { importModel } from '../../../onnx/import/import-model.js';
import { simplify } from '../../../onnx/simplify.js';
import { float32Of } from '../../../onnx/tensor-value.js';
import { withTensors } from '../../../onnx/with-tensors.js';
import type { Shape } from '../../../tensor/shape.js';
import { outputOf } from '../../describe-tasks.js';
import { type ModelConfig, parseModelConfig } from '../../model-config.js';
import type { ModelSource } from '../../model-source.js';
import { normalise } from '../../preprocessing.js';
import type { ProviderName } from '../../providers.js';
import type { RuntimeOptions } from '../../runtime-options.js';
import type { ModelState, Trainable, TrainableOptions, TrainingRequest } from '../../trainable.js';
import { countClasses } from '../count-classes.js';
import { type Definition, define } from '../definition.js';
import { readExternalFrom } from '../external-files.js';
import { hasFewerBits } from '../faithfulness.js';
import { shapesOf } from '../input-shapes.js';
import { openOriginal } from '../original.js';
import { probeProvider } from '../provider-probe.js';
import { decidedOnce, withConstants } from '../read-graph.js';
import { specialise } from '../specialise.js';
import { trainableWeights } from './trainable-weights.js';
import { compilePixels, compileTraining, type TrainedNetwork } from './training-program.js';

/**
 * A model as what is trained: its weights are inputs of the programs, not constants.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the files make no model, or one of fewer bits than float32.
 * @throws EngineError `GRADIENT_UNAVAILABLE`. Thrown when no gradient reaches a weight that is not frozen.
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when ONNX Runtime does not load, or no provider of `model.yaml` works.
 */
export async function openTrainable(
  source: ModelSource,
  { frozen, ...runtime }: TrainableOptions & RuntimeOptions,
): Promise<Trainable> {
  const config = parseModelConfig(source.configText);
  if (config.engine !== 'onnx') {
    throw new EngineError('INVALID_MODEL', `expected a model of engine onnx to train, got ${config.engine}`);
  }
  const file = decodeModel(source.file, readExternalFrom(source.externalFiles));
  requireFloat32(file.graph);
  const definition = await defineTrained(source, config, file, runtime);
  const { initializers } = file.graph;
  const outputs = definition.info.tasks.map(({ output }) => output);
  const { parameters, statistics } = trainableWeights(definition.imported.graph, outputs, initializers, frozen);
  if (parameters.length === 0) {
    throw new EngineError(
      'GRADIENT_UNAVAILABLE',
      'expected weights that a gradient reaches and that are not frozen, got none',
    );
  }
  const running = new Set(statistics.flatMap(({ mean, variance }) => [mean, variance]));
  const stateful = [...parameters, ...running];
  const tensorOf = (name: string): TensorValue => initializers.get(name) as TensorValue;
  const model = withWeightInputs(withConstants(definition.imported, config), stateful);

  async function network({ tasks, inputShape, batchSize }: TrainingRequest): Promise<TrainedNetwork> {
    const wanted = tasks.map(({ task }) => outputOfTask(definition, task));
    const inputShapes = shapesOf(model.graph, definition, [batchSize, ...inputShape]);
    const graph = simplify(await specialise(model, { inputShapes, outputs: [...new Set(wanted)], runtime }));
    return { definition, graph, parameters, statistics: running };
  }

  return {
    info: definition.info,
    config,
    parameters: new Map(parameters.map((name): [string, Shape] => [name, tensorOf(name).shape])),
    statistics,
    initialState: new Map(stateful.map((name) => [name, Float32Array.from(float32Of(tensorOf(name)))])),
    normalise: (pixels) => normalise(pixels, definition.preprocessing),
    trainingProgram: async (request) => await compileTraining(await network(request), request, runtime),
    pixelProgram: async (request) => await compilePixels(await network(request), request, runtime),
    encode: (state) => withTensors(source.file, checkedState(state, stateful, tensorOf), initializers),
  };
}

/** @throws EngineError `INVALID_MODEL`. Thrown when something of the network has fewer bits, which training would lose. */
function requireFloat32(graph: GraphDef): void {
  if (!hasFewerBits(graph)) return;
  throw new EngineError(
    'INVALID_MODEL',
    'expected a model of float32 weights to train, got one that is quantised or has weights of 16 bits: train the model that it was made from',
  );
}

async function defineTrained(
  source: ModelSource,
  config: ModelConfig,
  file: ModelDef,
  runtime: RuntimeOptions,
): Promise<Definition> {
  const imported = importModel(file);
  const tensors = config.tasks.map(outputOf);
  const names = file.graph.outputs.map(({ name }) => name);
  const original = await openOriginal(source, tensors, names, { ...runtime, keepsMemory: false });
  try {
    const declared = original.outputs.filter(({ name }) => tensors.includes(name));
    const outputs = await countClasses(original, declared, config);
    const reading = { imported, judged: await decidedOnce(imported, config, runtime), refusal: undefined };
    const definition = define(source, config, reading, original.inputs, outputs);
    return { ...definition, info: { ...definition.info, provider: await firstProvider(config) } };
  } finally {
    await original.release();
  }
}

/** @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when none works here. */
async function firstProvider({ providers }: Pick<ModelConfig, 'providers'>): Promise<ProviderName> {
  const reasons: string[] = [];
  for (const provider of providers) {
    if (provider === 'cpu') return provider;
    const { works, reason } = await probeProvider(provider);
    if (works) return provider;
    reasons.push(`${provider}: ${reason}`);
  }
  throw new EngineError(
    'RUNTIME_UNAVAILABLE',
    `expected one of the providers ${providers.join(', ')} to train the model, got: ${reasons.join('; ')}`,
  );
}

/** The model with these weights as inputs. */
function withWeightInputs(model: ModelDef, names: readonly string[]): ModelDef {
  const initializers = new Map(model.graph.initializers);
  const inputs = names.flatMap((name) => {
    const tensor = initializers.get(name);
    initializers.delete(name);
    return tensor === undefined ? [] : [{ name, dataType: tensor.dataType, shape: tensor.shape }];
  });
  return { ...model, graph: { ...model.graph, inputs: [...model.graph.inputs, ...inputs], initializers } };
}

function outputOfTask({ info }: Definition, name: string): string {
  const task = info.tasks.find((candidate) => candidate.name === name);
  if (task === undefined) throw new EngineError('INVALID_REQUEST', `expected a task of the model, got ${name}`);
  return task.output;
}

/** @throws EngineError `INVALID_REQUEST`. Thrown when a weight has none, or another number of them. */
function checkedState(
  state: ModelState,
  names: readonly string[],
  tensorOf: (name: string) => TensorValue,
): ModelState {
  return new Map(
    names.map((name) => {
      const [numbers, size] = [state.get(name), float32Of(tensorOf(name)).length];
      if (numbers?.length !== size) {
        throw new EngineError(
          'INVALID_REQUEST',
          `expected ${size} numbers of ${name}, got ${numbers?.length ?? 'none'}`,
        );
      }
      return [name, numbers];
    }),
  );
}
