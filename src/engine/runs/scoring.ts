import { findLoss } from '../losses/index.js';
import { findMetric } from '../metrics/measures/index.js';
import type { MetricPart, MetricValue } from '../metrics/metric.js';
import type { TaskInfo } from '../models/model-info.js';
import type { Network } from '../models/network.js';
import { eagerOps } from '../tensor/eager-ops.js';
import type { Float64Tensor } from '../tensor/float64-tensor.js';
import type { Shape } from '../tensor/shape.js';
import { labelShape } from './examples.js';
import { type KnownLabel, thresholdOf } from './labels.js';

/** One task's output for one example, without the batch axis. */
export interface TaskOutput {
  readonly data: Float32Array;
  readonly shape: Shape;
}

/** How well an output fits its label. */
export function measure(network: Network, task: TaskInfo, output: TaskOutput, label: KnownLabel): MetricValue {
  const part = findMetric(task.metric).measure({
    output: output.data,
    outputShape: output.shape,
    classAxis: task.classAxis,
    labels: label.data,
    valid: label.valid,
    threshold: thresholdOf(network, task),
  });
  return metricValue(task, [part], part);
}

/** The metric of a task over the examples whose parts these are. */
export function metricValue(task: TaskInfo, parts: readonly MetricPart[], part: MetricPart): MetricValue {
  const metric = findMetric(task.metric);
  return {
    name: task.metric,
    value: metric.value(parts),
    unit: metric.isRatio ? '' : task.unit,
    higherIsBetter: metric.higherIsBetter,
    part,
  };
}

/**
 * The loss of one example in float64, from the original model's output; `undefined` where it is not a finite number, or
 * nothing is labelled.
 */
export function lossOf(
  network: Network,
  task: TaskInfo,
  loss: string,
  output: TaskOutput,
  label: KnownLabel,
): number | undefined {
  if (!label.valid.includes(1)) return undefined;
  const config = network.config.tasks.find(({ name }) => name === task.name);
  const labels = [1, ...labelShape(task, output.shape)];
  const { data } = findLoss(loss).of(eagerOps, {
    output: float64(output.data, [1, ...output.shape]),
    classAxis: task.classAxis + 1,
    activation: config?.activation ?? 'none',
    labels: float64(label.data, labels),
    valid: float64(label.valid, labels),
    classWeights: config?.classWeights,
  });
  const [value] = data;
  return Number.isFinite(value) ? value : undefined;
}

const float64 = (data: Float32Array | Uint8Array, shape: Shape): Float64Tensor => ({
  data: Float64Array.from(data),
  shape,
});

/**
 * Whether an example is broken, or `undefined` where neither the kind of task nor `model.yaml` says when it is. Of a targeted
 * attack it is when the target was reached.
 */
export function isBroken(
  network: Network,
  task: TaskInfo,
  { value }: MetricValue,
  targeted: boolean,
): boolean | undefined {
  if (value === undefined) return undefined;
  const threshold = network.config.tasks.find(({ name }) => name === task.name)?.broken;
  if (threshold !== undefined) return 'above' in threshold ? value > threshold.above : value < threshold.below;
  if (task.labelForm !== 'class') return undefined;
  return targeted ? value === 1 : value < 1;
}
