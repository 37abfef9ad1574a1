import type { ModelDef } from '../../onnx/graph.js';
import { pixelDependence } from '../../onnx/pixel-dependence.js';
import { attackedInput, channelsOf, describeInput, extraInputsOf, signatureOf } from '../describe-input.js';
import { describeTasks } from '../describe-tasks.js';
import type { ModelConfig } from '../model-config.js';
import type { ModelInfo, TaskInfo } from '../model-info.js';
import type { ModelSource } from '../model-source.js';
import { type Preprocessing, preprocessingOf } from '../preprocessing.js';
import type { ProviderName } from '../providers.js';
import { obstaclesOf, operatorsOf } from './obstacles.js';
import type { Reading } from './read-graph.js';
import type { SessionValue } from './session.js';

/** What can be said of a model that ONNX Runtime runs. */
export interface OnnxModelInfo extends ModelInfo {
  readonly engine: 'onnx';
  readonly provider: ProviderName;
}

/** A model whose file and `model.yaml` fit together. */
export interface Definition {
  readonly source: ModelSource;
  readonly config: ModelConfig;
  /** The file in the form that is differentiated. */
  readonly imported: ModelDef;
  /** Whether it is: a graph that we refuse, and ONNX Runtime does not, is `imported` as the file has it. */
  readonly isDifferentiable: boolean;
  readonly info: OnnxModelInfo;
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
  const [batch] = attacked.shape;
  return {
    source,
    config,
    imported,
    isDifferentiable: refusal === undefined,
    preprocessing: preprocessingOf(config.input, channelsOf(input)),
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
      extraInputs: extraInputsOf(config.otherInputs, inputs),
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
