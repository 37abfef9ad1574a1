import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { ModelConfig } from './model-config.js';
import type { ModelInfo } from './model-info.js';
import type { ProgramInput, ProgramOutput, ProgramRequest } from './network.js';

/** Numbers of a model by the names that its file has for them: parameters and running statistics. */
export type ModelState = ReadonlyMap<string, Float32Array>;

/**
 * What a batch norm divides by: the statistics of the batch itself, as in training, or the running ones, as when it is served.
 * A batch norm that a file has folded into a convolution is neither: it is weights.
 */
export type BatchNormMode = 'batch' | 'running';

/** A batch norm whose running statistics training keeps. */
export interface RunningStatistics {
  /** Names of the running mean and variance in the state. */
  readonly mean: string;
  readonly variance: string;
}

export interface TrainingRequest extends ProgramRequest {
  readonly batchNorm: BatchNormMode;
}

export interface TrainingInput extends ProgramInput {
  /** Parameters and running statistics: read, not changed. */
  readonly state: ModelState;
}

export interface TrainingStep extends Pick<ProgramOutput, 'losses' | 'scores'> {
  /** ∂(Σ_n Σ_c w_nc L_nc)/∂ of each parameter, by name; a parameter that no attacked task reads has none. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /**
   * With `batch`, by the name of each running mean and variance what this batch has: its mean, and its variance with N − 1,
   * which running statistics average (PyTorch's BatchNorm2d). Else empty.
   */
  readonly statistics: ReadonlyMap<string, Float32Array>;
}

/** Losses of a batch and their derivative by the parameters, for one input shape and batch size. One native call. */
export interface TrainingProgram {
  readonly batchSize: number;
  run(input: TrainingInput): Promise<TrainingStep>;
  dispose(): Promise<void>;
}

/** The same by the pixels, of whatever parameters the model has now: what adversarial training attacks with. */
export interface PixelProgram {
  readonly batchSize: number;
  run(input: TrainingInput): Promise<ProgramOutput & Pick<TrainingStep, 'statistics'>>;
  dispose(): Promise<void>;
}

/** A model whose weights are inputs of its programs: what is trained. */
export interface Trainable {
  readonly info: ModelInfo;
  readonly config: ModelConfig;
  /** Shapes of what is trained: float32 weights of the file that gradients reach, without those that are frozen. */
  readonly parameters: ReadonlyMap<string, Shape>;
  readonly statistics: readonly RunningStatistics[];
  /** The numbers that the file has, copied. */
  readonly initialState: ModelState;
  /** The input of the model for these levels: what `target: normalised-input` labels are. */
  normalise(pixels: Tensor): Tensor;
  /**
   * @throws EngineError `UNSUPPORTED_OP`, `GRADIENT_UNAVAILABLE`. Thrown when there is no gradient.
   */
  trainingProgram(request: TrainingRequest): Promise<TrainingProgram>;
  /** @throws EngineError as `trainingProgram`. */
  pixelProgram(request: TrainingRequest): Promise<PixelProgram>;
  /** The bytes of the file with other numbers: everything else is as it was. */
  encode(state: ModelState): Uint8Array;
}

export interface TrainableOptions {
  /** Names of weights that stay as they are; `*` stands for any text. */
  readonly frozen: readonly string[];
}
