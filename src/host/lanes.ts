import type {
  AttackEvent,
  AttackJob,
  GradientNormEvent,
  GradientNormJob,
  InferJob,
  MemoryQuestion,
  ModelInfo,
  ModelSource,
  Prediction,
  PredictJob,
  RawTensors,
} from '../engine/index.js';

/** Which version of which model. */
export interface ModelRef {
  readonly name: string;
  readonly version: string;
}

/** What goes with a call into a host. */
export interface CallOptions {
  /** Names the run in logs. */
  readonly runId: string;
  /** Who asked, for logs; empty where nobody is known. */
  readonly principal: string;
  /** When the last result must have left, as `performance.now()` of this process; `undefined` means whenever. */
  readonly deadlineMs: number | undefined;
  /** W3C trace context to continue, if any. */
  readonly traceParent: string | undefined;
  /** What the call gives way to. Default: a prediction goes first, an attack before probes. */
  readonly priority?: 'probe' | undefined;
  /** Ends the call: the host stops within one native call. */
  readonly signal: AbortSignal;
}

/**
 * A host process and those that come after it: calls that it was busy with when it died fail, later ones go to the next.
 *
 * All calls throw `EngineError` `HOST_UNAVAILABLE` with `retryAfterMs`. Thrown when the host dies, or has not yet
 * come back.
 */
export interface Lane {
  /** Loads a version into this host and into every one that replaces it, until `unload`. */
  load(source: ModelSource): Promise<ModelInfo>;
  unload(model: ModelRef): Promise<void>;
  /**
   * Answered between two native calls: what will be refused need not wait for its turn to learn it.
   *
   * @throws EngineError `MEMORY_BUDGET_EXCEEDED`. Thrown when the gradients of a run would need more than they may.
   */
  requireMemory(model: ModelRef, question: MemoryQuestion, options: CallOptions): Promise<void>;
  predict(model: ModelRef, job: PredictJob, options: CallOptions): Promise<readonly Prediction[]>;
  infer(model: ModelRef, job: InferJob, options: CallOptions): Promise<RawTensors>;
  /** @throws EngineError `MODEL_QUARANTINED`. Thrown when hosts keep dying from this model. */
  attack(model: ModelRef, job: AttackJob, options: CallOptions): AsyncGenerator<AttackEvent, void, void>;
  /** @throws EngineError `MODEL_QUARANTINED`. Thrown when hosts keep dying from this model. */
  gradientNorm(
    model: ModelRef,
    job: GradientNormJob,
    options: CallOptions,
  ): AsyncGenerator<GradientNormEvent, void, void>;
  /** Whether a host is up and has every model loaded. */
  readonly isReady: boolean;
  /** Why attacks on a version are refused, or `undefined`. */
  quarantineReason(model: ModelRef): string | undefined;
  /** An admin's word: attacks on a version are tried again. */
  releaseQuarantine(model: ModelRef): void;
  /** Estimated bytes that a version keeps in the host, its gradient programs included; 0 where it is not loaded. */
  keptBytes(model: ModelRef): number;
  /** Process id of the host that is up, for operators and tests. */
  readonly pid: number | undefined;
}

/** The hosts of one device. */
export interface Hosts {
  /** Predict. */
  readonly serve: Lane;
  /** Gradients and attacks, at a lower priority; the same as `serve` with `hosts: shared`. */
  readonly attack: Lane;
  /** Tells running attacks to end as at a deadline. */
  drain(): void;
  /** Ends the processes. */
  close(): Promise<void>;
}
