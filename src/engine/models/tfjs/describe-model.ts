import { EngineError } from '../../errors.js';
import type { Shape } from '../../tensor/shape.js';
import { extraInputsOf } from '../describe-input.js';
import { classAxisOf, describeTasks, outputOf } from '../describe-tasks.js';
import type { GraphValue } from '../graph-value.js';
import type { ModelConfig } from '../model-config.js';
import type { InputInfo, ModelInfo } from '../model-info.js';
import type { TfjsGraph } from './open-graph.js';
import { obstaclesOf, operatorsOf, type Trace } from './trace.js';

/** Length that an axis is tried with where nothing says it. */
const SAMPLE_LENGTH = 64;

/** A shape of the input that a model is tried with, without the batch axis. */
export const sampleShape = ({ shape }: InputInfo): Shape => shape.map((n) => (n === -1 ? SAMPLE_LENGTH : n));

/** What of a model its files do not say, or its caller knows already. */
type Known = Pick<ModelInfo, 'name' | 'version' | 'sha256' | 'provider' | 'providerFallbacks' | 'input' | 'fixedBatch'>;

/**
 * What can be said of a model after one pass of it.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when `model.yaml` does not fit it.
 */
export function describeModel(known: Known, graph: TfjsGraph, config: ModelConfig, pass: Trace): ModelInfo {
  const outputs = outputValues(graph, config, pass, !known.input.shape.includes(-1));
  return {
    ...known,
    description: config.description,
    engine: 'tfjs',
    extraInputs: extraInputsOf(config.otherInputs, graph.inputs),
    tasks: describeTasks(config, outputs).map((task) => {
      const obstacles = obstaclesOf(pass, task.output);
      return { ...task, attackable: obstacles.length === 0, gradientObstacles: obstacles };
    }),
    operators: operatorsOf(pass),
  };
}

/** The outputs of tasks, with lengths that the file states, or that a pass showed. */
function outputValues(graph: TfjsGraph, config: ModelConfig, trace: Trace, isFixed: boolean): readonly GraphValue[] {
  return config.tasks.map((task) => {
    const name = outputOf(task);
    const seen = trace.outputs.get(name);
    if (seen === undefined) throw new EngineError('INTERNAL', `expected the output ${name} in a pass, got none`);
    const declared = graph.outputs.find((output) => output.name === name)?.shape ?? [];
    const classAxis = classAxisOf(task, seen.shape.length - 1) + 1;
    return {
      name,
      dataType: seen.dataType,
      // How many classes there are depends on no image.
      shape: seen.shape.map((n, axis) => (axis > 0 && (isFixed || axis === classAxis) ? n : (declared[axis] ?? -1))),
    };
  });
}
