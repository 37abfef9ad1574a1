import type { TaskInfo } from '../models/model-info.js';
import { eagerOps } from '../tensor/eager-ops.js';
import type { TaskOutput } from './scoring.js';

/**
 * What an output says in the units of its task: probabilities of classes, or the numbers of a regression as they are.
 * Classes exclude each other unless the task is multi-label.
 */
export function probabilities(
  task: TaskInfo,
  activation: 'none' | 'softmax' | 'sigmoid',
  { data, shape }: TaskOutput,
): Float32Array {
  if (task.labelForm === 'numbers' || activation !== 'none') return data;
  if (task.labelForm === 'multi-label') return data.map((x) => 1 / (1 + Math.exp(-x)));
  const logits = { data: Float64Array.from(data), shape };
  return Float32Array.from(eagerOps.exp(eagerOps.logSoftmax(logits, task.classAxis)).data);
}
