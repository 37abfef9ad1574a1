import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { ModelConfig } from './model-config.js';
import type { ModelInfo } from './model-info.js';
import type { RawTensors } from './raw-tensor.js';

/** Losses are divided by no less than this where an objective is balanced. */
export const SMALLEST_LOSS = 1e-12;

/** Inputs that are not attacked and that differ per example, by name: each with the batch axis. */
export type ExtraInputs = ReadonlyMap<string, Tensor>;

/** What one step of a shape costs, as far as it can be told without running it. */
export interface Plan {
  /**
   * Multiplications of convolutions and matrix products, forward, of one example. A runtime that is slower than ONNX Runtime on
   * the CPU by a known factor counts each so many times: from them come batch sizes, and how long a call is expected to take.
   */
  readonly multiplyAdds: number;
  /** Estimated bytes that a gradient program of so many examples takes, weights included. */
  memoryBytes(batchSize: number): number;
  /** Shape of each task's output, without the batch axis. */
  readonly outputShapes: ReadonlyMap<string, Shape>;
}

/** Which program is wanted. */
export interface ProgramRequest {
  /** Attacked tasks with their losses, in the order of the rows of losses and weights. */
  readonly tasks: readonly { readonly task: string; readonly loss: string }[];
  /** Shape of the pixels, without the batch axis. */
  readonly inputShape: Shape;
  readonly batchSize: number;
}

/** What a program takes: N examples, T tasks. */
export interface ProgramInput {
  /** Levels, shape [N, …]. */
  readonly pixels: Tensor;
  readonly extraInputs: ExtraInputs;
  /** λ, row-major [N, T]. */
  readonly weights: Float32Array;
  /** Whether each task's gradient is divided by its loss. */
  readonly isBalanced: boolean;
  /** By task: labels of all examples one after another. */
  readonly labels: ReadonlyMap<string, Float32Array>;
  /** By task: 1 where a label counts, else 0; as many as labels. */
  readonly valid: ReadonlyMap<string, Uint8Array>;
}

export interface ProgramOutput {
  /** Shape [N, T]. */
  readonly losses: Tensor;
  /** Shape [N, T]: see `losses/score.ts`. */
  readonly scores: Tensor;
  /** ∂(Σ_c w_c L_c)/∂levels of each example, shape of the pixels. */
  readonly gradient: Tensor;
}

/** A network joined with losses and their derivative, for one input shape and batch size. */
export interface GradientProgram {
  readonly batchSize: number;
  /** One native call. */
  run(input: ProgramInput): Promise<ProgramOutput>;
}

/** A model, behind whatever runtime runs it. Every call blocks the process while it computes. */
export interface Network {
  readonly info: ModelInfo;
  readonly config: ModelConfig;
  /** Which build of the engine makes programs: a result of another build may differ in the last bits. */
  readonly programVersion: string;
  /**
   * Outputs of the original file by task, each with the batch axis, for levels of shape [N, …].
   *
   * @throws EngineError `INVALID_REQUEST`. Thrown when the model does not take the shape.
   */
  predict(pixels: Tensor, extraInputs: ExtraInputs): Promise<ReadonlyMap<string, Tensor>>;
  /**
   * Outputs of the original file by the names that the graph has for them, for tensors of its own types; inputs that have a
   * constant in `model.yaml` may be left out.
   *
   * @throws EngineError `INVALID_REQUEST`. Thrown when the model does not take them.
   */
  infer(feeds: RawTensors, fetches: readonly string[]): Promise<RawTensors>;
  /** The input of the model for these levels: what `target: normalised-input` labels are. */
  normalise(pixels: Tensor): Tensor;
  /** @throws EngineError `INVALID_REQUEST`. Thrown when the model does not take the shape. */
  plan(inputShape: Shape): Promise<Plan>;
  /** Whether the program is there already. */
  hasProgram(request: ProgramRequest): boolean;
  /**
   * The program, compiled now or found.
   *
   * @throws EngineError `UNSUPPORTED_OP`, `GRADIENT_UNAVAILABLE`. Thrown when there is no gradient.
   * @throws EngineError `MEMORY_BUDGET_EXCEEDED`. Thrown when it would not fit.
   */
  program(request: ProgramRequest): Promise<GradientProgram>;
  /** Estimated bytes that it keeps between calls: the files, their session, and the programs that were made. */
  keptBytes(): number;
  dispose(): Promise<void>;
}
