// What `robustgate/client` exports.

export {
  type AttackChunk,
  AttackField,
  type AttackParameters,
  type AttackProgress,
  AttackRequest,
  type AttackResult,
  type AttackStarted,
  type AttackSummary,
  Condition,
  type DeepPartial,
  HoudiniPush,
  Iterate,
  LabelSource,
  Norm,
  type Payload,
  type PayloadId,
  type Provenance,
  RandomStart,
  RunPhase,
  type TaskOutcome,
  TerminatedBy,
  type Warning,
} from '../contract/robustgate/v1/attack.js';
export { Example, Label, PngLabel } from '../contract/robustgate/v1/example.js';
export {
  type GradientNormProgress,
  GradientNormRequest,
  type GradientNormResult,
  type GradientNormStarted,
  type GradientNormSummary,
  type GradientNorms,
  type OutputSweepPoint,
  type TaskGradient,
} from '../contract/robustgate/v1/gradient_norm.js';
export type { MetricValue } from '../contract/robustgate/v1/metric.js';
export {
  GradientSupport,
  type Model,
  type ModelInput,
  ModelState,
  type Task,
} from '../contract/robustgate/v1/model.js';
export { Combination, Objective, TaskWeight } from '../contract/robustgate/v1/objective.js';
export {
  PredictField,
  type Prediction,
  PredictRequest,
  type PredictResponse,
} from '../contract/robustgate/v1/predict.js';
export {
  type AttackFigures,
  type Doubt,
  type Figure,
  type Probe,
  type ProbeGradients,
  type ProbeProgress,
  type ProbeRun,
  type ProbeRunStarted,
  ProbeState,
  ProbeTrigger,
  ProbeVerdict,
  type TaskFigures,
} from '../contract/robustgate/v1/probe.js';
export { ProbeServiceDefinition, ProbeServiceService } from '../contract/robustgate/v1/probe_service.js';
export { RobustnessServiceDefinition, RobustnessServiceService } from '../contract/robustgate/v1/robustness_service.js';
export { type Run, RunKind, RunState } from '../contract/robustgate/v1/run.js';
export { RunServiceDefinition, RunServiceService } from '../contract/robustgate/v1/run_service.js';
export { Tensor } from '../contract/robustgate/v1/tensor.js';
export {
  type AssembledEvent,
  type AttackEvent,
  assembleAttack,
  type CollectedAttack,
  type CollectedPayload,
  type CollectedResult,
  collectAttack,
} from './attack-payloads.js';
export { type Client, type ConnectOptions, connect, sslCredentials } from './connect.js';
export type { ProbeClient, ProbeEvent } from './probe-client.js';
export { type ErrorFacts, RobustgateError, type Violation } from './robustgate-error.js';
export { attackEventsOf, type GradientNormEvent, gradientNormEventsOf, type RunEvent } from './run-events.js';
export { arrayOf, type TensorArray, tensorFrom } from './tensors.js';
export type { CallOptions } from './unary-call.js';
