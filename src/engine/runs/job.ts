import type { MetricValue } from '../metrics/metric.js';
import type { RawTensors } from '../models/raw-tensor.js';
import type { Shape } from '../tensor/shape.js';
import type { AttackSpec, GradientNormSpec } from './spec.js';

/** An input as it goes to a model, without the batch axis. */
export interface JobInput {
  readonly key: string;
  /** Levels 0–255, in the model's layout; for features, the model's own units. */
  readonly pixels: Float32Array;
  readonly shape: Shape;
  /** Inputs that are not attacked, by name. */
  readonly extraInputs: ReadonlyMap<string, Float32Array>;
  /** By task; none for a task that has no label. */
  readonly labels: ReadonlyMap<string, JobLabel>;
}

export interface JobLabel {
  /** Classes, or numbers in the unit of the task's metric: one number per position of the task's label form. */
  readonly data: Float32Array;
  /** 1 where the label counts, else 0. */
  readonly valid: Uint8Array;
  /** What the label was given as, without the batch axis: it must be what the output says. */
  readonly shape: Shape;
}

export type LabelSource = 'request' | 'prediction' | 'input';

export interface PredictJob {
  readonly inputs: readonly JobInput[];
  /** Tasks whose outputs are wanted, in the order of `model.yaml`. */
  readonly tasks: readonly string[];
  readonly fields: readonly PredictField[];
}

export type PredictField = 'labels' | 'values' | 'raw';

/** A tensor of a reply, without the batch axis. */
export interface ReplyTensor {
  readonly datatype: 'UINT8' | 'INT32' | 'FP32';
  readonly shape: Shape;
  readonly data: Uint8Array | Int32Array | Float32Array;
}

export interface TaskPrediction {
  readonly task: string;
  readonly labels: ReplyTensor | undefined;
  readonly values: ReplyTensor | undefined;
  readonly raw: ReplyTensor | undefined;
  /** Where the example has a label. */
  readonly metric: MetricValue | undefined;
}

export interface Prediction {
  readonly key: string;
  readonly tasks: readonly TaskPrediction[];
}

/** What a run will need memory for. */
export interface MemoryQuestion {
  /** Shapes of its inputs, each once, without the batch axis. */
  readonly shapes: readonly Shape[];
  /** Examples that run together, where a replay forces it. */
  readonly batchSize: number | undefined;
}

/** Tensors straight to the graph and back, without pre-processing or tasks. */
export interface InferJob {
  readonly inputs: RawTensors;
  /** Names of the outputs of the graph that are wanted. */
  readonly outputs: readonly string[];
}

export interface AttackJob {
  readonly spec: AttackSpec;
  readonly inputs: readonly JobInput[];
  /** Whether the model's own clean prediction stands in for a label that is missing. */
  readonly labelFree: boolean;
  readonly progressEverySteps: number;
  readonly fields: readonly AttackField[];
  /** The model whose gradients are taken instead of the attacked one's; `undefined` where its own are. */
  readonly surrogate?: { readonly name: string; readonly version: string } | undefined;
}

export type AttackField = 'adversarial-8bit' | 'label-maps' | 'adversarial-tensor' | 'perturbation' | 'raw-outputs';

export interface GradientNormJob {
  readonly spec: GradientNormSpec;
  readonly inputs: readonly JobInput[];
  readonly labelFree: boolean;
}
