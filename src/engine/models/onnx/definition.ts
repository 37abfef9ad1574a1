import { EngineError } from '../../errors.js';
import type { ModelDef } from '../../onnx/graph.js';
import { pixelDependence } from '../../onnx/pixel-dependence.js';
import type { InputConfig, ModelConfig } from '../model-config.js';
import type { InputInfo, ModelInfo, TaskInfo, TensorSignature } from '../model-info.js';
import type { ModelSource } from '../model-source.js';
import { type Preprocessing, preprocessingOf } from '../preprocessing.js';
import { describeTasks } from './describe-tasks.js';
import { obstaclesOf, operatorsOf } from './obstacles.js';
import type { Reading } from './read-graph.js';
import type { SessionValue } from './session.js';

/** A model whose file and `model.yaml` fit together. */
export interface Definition {
  readonly source: ModelSource;
  readonly config: ModelConfig;
  /** The file in the form that is differentiated. */
  readonly imported: ModelDef;
  /** Whether it is: a graph that we refuse, and ONNX Runtime does not, is `imported` as the file has it. */
  readonly isDifferentiable: boolean;
  readonly info: ModelInfo;
  readonly preprocessing: Preprocessing;
}

/**
 * Holds a model's file and its `model.yaml` against each other.
 *
 * @param inputs the inputs that the original file has
 * @param outputs those of its outputs and inner tensors that tasks read
 * @param graphOutputs the outputs that it declares itself
 * @throws EngineError `INVALID_MODEL`. Thrown when they do not fit.
 */
export function define(
  source: ModelSource,
  config: ModelConfig,
  { imported, judged, refusal }: Reading,
  inputs: readonly SessionValue[],
  outputs: readonly SessionValue[],
  graphOutputs: readonly SessionValue[] = outputs,
): Definition {
  const attacked = attackedInput(config.input, inputs, config.otherInputs);
  const input = describeInput(config.input, attacked);
  const tasks = describeTasks(config, outputs);
  const dependence = pixelDependence({ inputs: [{ ...attacked, shape: undefined }], nodes: judged.graph.nodes });
  const channels = config.input.kind === 'image' ? input.shape[config.input.layout === 'NCHW' ? 0 : 2] : undefined;
  const [batch] = attacked.shape;
  return {
    source,
    config,
    imported,
    isDifferentiable: refusal === undefined,
    preprocessing: preprocessingOf(config.input, channels === -1 ? undefined : channels),
    info: {
      name: source.name,
      version: source.version,
      sha256: source.sha256,
      description: config.description,
      labels: config.labels,
      engine: 'onnx',
      provider: 'cpu',
      providerFallbacks: [],
      input,
      extraInputs: config.otherInputs.flatMap((other) =>
        'perRequest' in other ? [{ name: other.name, shape: lengths(declared(other.name, inputs)) }] : [],
      ),
      tasks: tasks.map((task): TaskInfo => {
        const obstacles =
          refusal === undefined ? obstaclesOf(judged.graph.nodes, dependence, attacked.name, task.output) : [refusal];
        return { ...task, attackable: obstacles.length === 0, gradientObstacles: obstacles };
      }),
      operators: operatorsOf(judged.graph.nodes),
      fixedBatch: typeof batch === 'number' && batch > 0 ? batch : undefined,
      signature: {
        inputs: inputs.map((each) => signatureOf(each, config.otherInputs)),
        outputs: graphOutputs.map((each) => signatureOf(each, [])),
      },
    },
  };
}

const signatureOf = ({ name, dataType, shape }: SessionValue, others: ModelConfig['otherInputs']): TensorSignature => ({
  name,
  dataType,
  shape: shape.map((n) => (typeof n === 'number' && n >= 0 ? n : -1)),
  hasDefault: others.some((other) => other.name === name && 'value' in other),
});

const lengths = ({ shape }: SessionValue): number[] =>
  shape.slice(1).map((n) => (typeof n === 'number' && n > 0 ? n : -1));

function declared(name: string, inputs: readonly SessionValue[]): SessionValue {
  const input = inputs.find((candidate) => candidate.name === name);
  if (input === undefined) {
    throw invalid(`an input of the graph (${inputs.map((candidate) => candidate.name).join(', ')})`, name);
  }
  return input;
}

/** The one input that is attacked; all others must be listed in `otherInputs`. */
function attackedInput(
  config: InputConfig,
  inputs: readonly SessionValue[],
  others: ModelConfig['otherInputs'],
): SessionValue {
  const listed = new Set(others.map(({ name }) => declared(name, inputs).name));
  const rest = inputs.filter(({ name }) => !listed.has(name));
  const name = config.name ?? rest[0]?.name;
  if (name === undefined) throw invalid('an input that is attacked', 'none');
  const attacked = declared(name, inputs);
  const forgotten = rest.filter((input) => input !== attacked).map((input) => input.name);
  if (listed.has(name)) throw invalid(`the attacked input ${name} not to be among otherInputs`, 'it there');
  if (forgotten.length > 0)
    throw invalid('every other input of the graph in otherInputs', `none for ${forgotten.join(', ')}`);
  return attacked;
}

function describeInput(config: InputConfig, input: SessionValue): InputInfo {
  const shape = lengths(input);
  if (config.kind === 'features') {
    if (input.shape.length < 2)
      throw invalid('features of rank 2 or more, with a batch axis', `shape [${input.shape}]`);
    return { name: input.name, kind: 'features', shape, layout: 'NCHW', colorOrder: 'RGB', range: config.range };
  }
  if (input.shape.length !== 4) throw invalid('an image input of rank 4', `shape [${input.shape}]`);
  const channels = config.colorOrder === 'GREY' ? 1 : 3;
  const [height, width] = Array.isArray(config.size) ? config.size : [-1, -1];
  const wanted = config.layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
  const merged = wanted.map((n, axis) => {
    const length = shape[axis] as number;
    if (n !== -1 && length !== -1 && n !== length) {
      throw invalid(
        `an input of shape [${wanted}] as model.yaml says (${config.layout} ${config.colorOrder})`,
        `[${shape}]`,
      );
    }
    return n === -1 ? length : n;
  });
  return {
    name: input.name,
    kind: 'image',
    shape: merged,
    layout: config.layout,
    colorOrder: config.colorOrder,
    range: [0, 255],
  };
}

const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_MODEL', `expected ${expected}, got ${got}`);
