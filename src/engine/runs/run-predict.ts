import type { Network } from '../models/network.js';
import { examplesOf, type Tensor } from '../tensor/tensor.js';
import { batchSizeFor, chunk, extraInputShapes, groupByShape, stack, stackExtraInputs } from './batches.js';
import { type Example, prepareExamples } from './examples.js';
import type { PredictField, Prediction, PredictJob, TaskPrediction } from './job.js';
import type { JointPredictions } from './joint-predictions.js';
import { type KnownLabels, knownLabels } from './labels.js';
import { Pace } from './pace.js';
import { floats, hasClasses, predictedLabels } from './payloads.js';
import { probabilities } from './probabilities.js';
import type { RunOptions } from './run-attack.js';
import { measure, type TaskOutput } from './scoring.js';
import type { RunContext } from './served-model.js';

/**
 * Outputs of the original model, in the order of the inputs.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when an input or a label does not fit the model.
 */
export async function runPredict(
  network: Network,
  predictions: JointPredictions,
  job: PredictJob,
  context: RunContext,
  options: RunOptions,
): Promise<readonly Prediction[]> {
  const { info } = network;
  const results = new Map<string, Prediction>();
  for (const group of groupByShape(prepareExamples(job.inputs, info))) {
    const { shape } = group[0] as Example;
    const plan = await network.plan(shape);
    const rule = { plan, fixedBatch: info.fixedBatch, forced: undefined, memoryBudgetBytes: options.memoryBudgetBytes };
    const pace = new Pace(context, plan.multiplyAdds * group.length);
    for (const examples of chunk(group, batchSizeFor(group.length, rule))) {
      const pixels = stack(
        examples.map(({ clean }) => clean),
        shape,
        examples.length,
      );
      const extra = stackExtraInputs(examples, extraInputShapes(info), examples.length);
      const outputs = await predictions.predict(pixels, extra, plan.multiplyAdds, pace);
      const labels = knownLabels(network, examples, outputs, false);
      for (const [n, { key }] of examples.entries()) {
        results.set(key, { key, tasks: taskPredictions(network, job, outputs, labels[n] as KnownLabels, n) });
      }
    }
  }
  return job.inputs.map(({ key }) => results.get(key) as Prediction);
}

function taskPredictions(
  network: Network,
  { tasks, fields }: PredictJob,
  outputs: ReadonlyMap<string, Tensor>,
  labels: KnownLabels,
  n: number,
): readonly TaskPrediction[] {
  return network.info.tasks.flatMap((task): TaskPrediction[] => {
    const tensor = outputs.get(task.name);
    if (tensor === undefined || !tasks.includes(task.name)) return [];
    const output: TaskOutput = { data: examplesOf(tensor)[n] as Float32Array, shape: tensor.shape.slice(1) };
    const wants = (field: PredictField): boolean =>
      fields.length > 0 ? fields.includes(field) : field === (hasClasses(task) ? 'labels' : 'values');
    const label = labels.get(task.name);
    const config = network.config.tasks.find(({ name }) => name === task.name);
    return [
      {
        task: task.name,
        labels: wants('labels') && hasClasses(task) ? predictedLabels(task, output) : undefined,
        values: wants('values')
          ? floats(probabilities(task, config?.activation ?? 'none', output), output.shape)
          : undefined,
        raw: wants('raw') ? floats(output.data, output.shape) : undefined,
        metric: label && measure(network, task, output, label),
      },
    ];
  });
}
