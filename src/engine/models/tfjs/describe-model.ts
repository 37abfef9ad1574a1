import { EngineError } from '../../errors.js';
import type { Shape } from '../../tensor/shape.js';
import { extraInputsOf, signatureOf } from '../describe-input.js';
import { classAxisOf, describeTasks, outputOf } from '../describe-tasks.js';
import type { GraphValue } from '../graph-value.js';
import type { ModelConfig } from '../model-config.js';
import type { InputInfo, ModelInfo } from '../model-info.js';
import type { TfjsGraph } from './open-graph.js';
import { obstaclesOf, operatorsOf, type Trace, type TracedOutput } from './trace.js';

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
    labels: config.labels,
    engine: 'tfjs',
    extraInputs: extraInputsOf(config.otherInputs, graph.inputs),
    tasks: describeTasks(config, outputs).map((task) => {
      const obstacles = obstaclesOf(pass, task.output);
      return { ...task, attackable: obstacles.length === 0, gradientObstacles: obstacles };
    }),
    operators: operatorsOf(pass),
    signature: {
      inputs: graph.inputs.map((input) => signatureOf(input, config.otherInputs)),
      outputs: graph.outputs.map(({ name, shape }) => {
        const { dataType, shape: seen } = seenAs(name, pass);
        return signatureOf({ name, dataType, shape: shape.length === seen.length ? shape : seen.map(() => -1) }, []);
      }),
    },
  };
}

/** The outputs of tasks, with lengths that the file states, or that a pass showed. */
function outputValues(graph: TfjsGraph, config: ModelConfig, trace: Trace, isFixed: boolean): readonly GraphValue[] {
  return config.tasks.map((task) => {
    const name = outputOf(task);
    const seen = seenAs(name, trace);
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

/** What a pass showed of an output. */
function seenAs(name: string, { outputs }: Trace): TracedOutput {
  const seen = outputs.get(name);
  if (seen === undefined) throw new EngineError('INTERNAL', `expected the output ${name} in a pass, got none`);
  return seen;
}
