import type { ModelInfo } from '../models/model-info.js';
import type { RawTensors } from '../models/raw-tensor.js';
import type { OpenRemote } from '../models/remote/remote-model.js';
import type { RuntimeOptions } from '../models/runtime-options.js';
import type { AttackEvent, GradientNormEvent } from './events.js';
import type { AttackJob, GradientNormJob, InferJob, MemoryQuestion, Prediction, PredictJob } from './job.js';
import type { Surrogate } from './transfer.js';

/** What a native call is for. */
export type CallKind = 'load' | 'compile' | 'predict' | 'step' | 'verify';

/** Lets native calls run one at a time, in an order that is fair between runs. */
export interface ComputeGate {
  /** How many runs share the device now, this one included: at least 1. */
  readonly sharing: number;
  /**
   * Waits for a turn, then runs `call`, which blocks the process.
   *
   * @param estimateMs how long it is expected to take; far beyond that it counts as hung
   * @throws the signal's reason. Thrown when the signal is aborted before the turn comes.
   */
  run<T>(kind: CallKind, estimateMs: number, signal: AbortSignal, call: () => Promise<T>): Promise<T>;
}

/** What surrounds a run. */
export interface RunContext {
  /** Aborted when nobody wants the result any more. */
  readonly signal: AbortSignal;
  /** Aborted when the process is to end: the run stops as at a deadline. */
  readonly drain: AbortSignal;
  /** When the last result must have left, in the time of `now`; `undefined` means whenever. */
  readonly deadlineMs: number | undefined;
  /** How long the request was on its way to the run, in milliseconds: results take as long on their way back. */
  readonly transitMs: number;
  readonly gate: ComputeGate;
  /** Milliseconds since any fixed moment, never going back. */
  now(): number;
}

export interface ServedModelOptions {
  /** What it is loaded for: a model that only serves makes no gradient programs. */
  readonly role: 'serve' | 'attack';
  readonly runtime: RuntimeOptions;
  /** Most memory that the programs of one model may take, in bytes. */
  readonly memoryBudgetBytes: number;
  /** Most examples of different callers that one prediction computes. Default: 1. */
  readonly predictBatch?: number;
  /** Told what operators should know, once each: that the CPU computes what a backend has no kernel for. */
  warn?(message: string): void;
  /** How remote models are reached. Default: not at all. */
  readonly openRemote?: OpenRemote | undefined;
}

/** A model, ready. All of its calls block the process while they run: it lives in a host. */
export interface ServedModel {
  readonly info: ModelInfo;
  /** What attacks on another model take its gradients from. */
  readonly gradients: Surrogate;
  /**
   * @throws EngineError `INVALID_REQUEST`. Thrown when an input does not fit the model.
   */
  predict(job: PredictJob, context: RunContext): Promise<readonly Prediction[]>;
  /** @throws EngineError `INVALID_REQUEST`. Thrown when the model does not take the tensors. */
  infer(job: InferJob, context: RunContext): Promise<RawTensors>;
  /**
   * Results as they finish, with progress between; the summary is last.
   *
   * @param surrogate the model that `job.surrogate` names
   * @throws EngineError `INVALID_REQUEST`, `UNSUPPORTED_OP`, `GRADIENT_UNAVAILABLE`, `MEMORY_BUDGET_EXCEEDED`,
   *   `DEADLINE_TOO_SHORT`. Thrown before the first result.
   * @throws the reason of the context's signal. Thrown when it is aborted.
   */
  attack(
    job: AttackJob,
    context: RunContext,
    surrogate?: Pick<ServedModel, 'gradients'>,
  ): AsyncGenerator<AttackEvent, void, void>;
  gradientNorm(job: GradientNormJob, context: RunContext): AsyncGenerator<GradientNormEvent, void, void>;
  /**
   * @throws EngineError `MEMORY_BUDGET_EXCEEDED`. Thrown when the gradients of a run would need more than they may.
   */
  requireMemory(question: MemoryQuestion): Promise<void>;
  /** Estimated bytes that it keeps between calls. */
  keptBytes(): number;
  /** Frees all native memory. */
  dispose(): Promise<void>;
}
